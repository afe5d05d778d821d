// Drives headless Chromium by the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CHROMIUM_FLAGS } from '../packages/cli/src/picture/chromium.fixture.ts'

const FLAGS = [
  ...CHROMIUM_FLAGS,
  '--remote-debugging-port=0',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]
const LIMIT_MS = 240_000

type Fields = Record<string, unknown>
interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Fields
  readonly result?: Fields
  readonly error?: { readonly message: string }
}

export interface Page {
  /** Value of an expression, awaited; it has to be JSON. What it throws is thrown. */
  evaluate(expression: string): Promise<unknown>
  /** Evaluates until it is true. */
  until(expression: string): Promise<void>
  /** Gives files of this machine, or one folder, to a file input. */
  setFiles(selector: string, paths: readonly string[]): Promise<void>
  /** Presses and lets go of a key: `Tab`, `Enter`, `Space`. */
  press(key: keyof typeof KEYS): Promise<void>
  /** Sets what the reader's system asks for. */
  setScheme(scheme: 'light' | 'dark'): Promise<void>
  /** Waits for the download that `start` causes; gives the path of its file. */
  download(start: () => Promise<void>): Promise<string>
  /** Addresses of all requests, and what came on the console as a warning or an error. */
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

const KEYS = {
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Space: { key: ' ', code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
} as const

/** Opens the page in a browser of its own, which keeps its files in `folder`, and ends it after `use`. */
export async function withPage<T>(
  address: string,
  folder: string,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const browser = spawn('chromium', [...FLAGS, `--user-data-dir=${join(folder, 'profile')}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => browser.once('close', () => resolve()))
  // Without a listener it would end the tests; that nothing comes from its pipe says the same.
  browser.once('error', () => undefined)
  try {
    const connection = await connect(await endpointOf(browser.stderr))
    try {
      return await use(await openPage(connection, address, folder))
    } finally {
      // It may be gone before it answers, and what went wrong in `use` is what is to be told.
      await connection.send('Browser.close').catch(() => undefined)
    }
  } finally {
    const timer = setTimeout(() => browser.kill('SIGKILL'), 20_000)
    await ended
    clearTimeout(timer)
  }
}

async function endpointOf(stderr: NodeJS.ReadableStream): Promise<string> {
  const said: string[] = []
  for await (const line of createInterface({ input: stderr })) {
    const endpoint = /^DevTools listening on (ws:\S+)/.exec(line)?.[1]
    if (endpoint) {
      // A pipe that nobody reads would stop the browser.
      stderr.resume()
      return endpoint
    }
    said.push(line)
  }
  throw new Error(`chromium ended: ${said.join('\n')}`)
}

interface Connection {
  send(method: string, params?: Fields, sessionId?: string): Promise<Fields>
  on(method: string, listener: (params: Fields) => void): void
}

async function connect(endpoint: string): Promise<Connection> {
  const socket = new WebSocket(endpoint)
  const waiting = new Map<number, (message: Message) => void>()
  const listeners: { readonly method: string; readonly listener: (params: Fields) => void }[] = []
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true })
    socket.addEventListener('error', reject, { once: true })
  })
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    else
      for (const { method, listener } of listeners)
        if (method === message.method) listener(message.params ?? {})
  })
  socket.addEventListener('close', () => {
    for (const answer of waiting.values()) answer({ error: { message: 'the browser is gone' } })
  })
  let count = 0
  return {
    send(method, params = {}, sessionId) {
      const id = ++count
      return new Promise((resolve, reject) => {
        waiting.set(id, ({ result = {}, error }) => {
          waiting.delete(id)
          if (error) reject(new Error(`${method}: ${error.message}`))
          else resolve(result)
        })
        socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }))
      })
    },
    on: (method, listener) => void listeners.push({ method, listener }),
  }
}

async function openPage(browser: Connection, address: string, folder: string): Promise<Page> {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true })
  const send = (method: string, params: Fields = {}) => browser.send(method, params, String(sessionId))
  const requests: string[] = []
  const complaints: string[] = []
  browser.on('Network.requestWillBeSent', ({ request }) => requests.push((request as { url: string }).url))
  browser.on('Log.entryAdded', ({ entry }) => complaints.push((entry as { text: string }).text))
  browser.on('Runtime.exceptionThrown', (thrown) => complaints.push(JSON.stringify(thrown)))
  browser.on('Runtime.consoleAPICalled', (called) => complaints.push(JSON.stringify(called)))
  for (const domain of ['Network', 'Log', 'Runtime', 'Page', 'DOM']) await send(`${domain}.enable`)
  const downloadPath = join(folder, 'downloads')
  const behaviour = { behavior: 'allowAndName', downloadPath, eventsEnabled: true }
  await browser.send('Browser.setDownloadBehavior', behaviour)

  const evaluate = async (expression: string) => {
    const given = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await send('Runtime.evaluate', given)
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { value?: unknown }).value
  }
  const until = async (expression: string) => {
    for (const end = Date.now() + LIMIT_MS; (await evaluate(expression)) !== true; ) {
      if (Date.now() > end) throw new Error(`not true in time: ${expression}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await send('Page.navigate', { url: address })
  await until(`location.href === ${JSON.stringify(address)} && document.readyState === 'complete'`)
  return {
    evaluate,
    until,
    requests,
    complaints,
    async setFiles(selector, files) {
      const expression = `document.querySelector(${JSON.stringify(selector)})`
      const { result } = await send('Runtime.evaluate', { expression })
      const { objectId } = result as { objectId: string }
      await send('DOM.setFileInputFiles', { files, objectId })
    },
    async press(key) {
      await send('Input.dispatchKeyEvent', { type: 'keyDown', ...KEYS[key] })
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...KEYS[key] })
    },
    async setScheme(value) {
      await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] })
    },
    async download(start) {
      const done = new Promise<string>((resolve, reject) => {
        browser.on('Browser.downloadProgress', ({ guid, state }) => {
          if (state === 'completed') resolve(join(downloadPath, String(guid)))
          if (state === 'canceled') reject(new Error('the download was cancelled'))
        })
      })
      await start()
      return done
    },
  }
}
