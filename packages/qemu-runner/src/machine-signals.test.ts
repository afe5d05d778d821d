import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { alive, guestCommand, inDirectory } from './guest.fixture.ts'
import type { MachineOptions } from './index.ts'

const source = new URL('index.ts', import.meta.url).href

interface Owner {
  /** Code that runs before the machine's process id is printed, and after it. */
  readonly before?: string
  readonly after?: string
  /** Sent once the id was printed. */
  readonly signal?: NodeJS.Signals
  readonly options?: MachineOptions
}

/** Runs a program that starts a machine; gives its end and the machine's process id. */
async function ownerOf({ before = '', after = '', signal, options = {} }: Owner) {
  return await inDirectory(async (directory) => {
    const command = JSON.stringify(await guestCommand(directory, 'up\r\n'))
    const program = join(directory, 'owner.ts')
    await writeFile(
      program,
      `import { startMachine } from ${JSON.stringify(source)}
       const machine = await startMachine(${command}, ${JSON.stringify(options)})
       await machine.waitForLine(/up/, 30_000)
       ${before}
       process.stdout.write(machine.pid + '\\n')
       ${after}`,
    )
    const owner = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    owner.stderr.on('data', (bytes) => {
      said += bytes
    })
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      owner.once('exit', (code, by) => resolve({ code, signal: by }))
    })
    try {
      const pid = await new Promise<number>((resolve, reject) => {
        owner.stdout.once('data', (bytes) => resolve(Number(String(bytes))))
        owner.stdout.once('end', () => reject(new Error(`the owner said nothing: ${said}`)))
      })
      if (signal) {
        expect(alive(pid)).toBe(true)
        owner.kill(signal)
      }
      return { ...(await ended), pid }
    } finally {
      owner.kill('SIGKILL')
      await ended
    }
  })
}

const stay = 'setInterval(() => {}, 1000)'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the machine, then its owner', async (signal) => {
  const { pid, ...end } = await ownerOf({ before: stay, signal })
  expect(end).toEqual({ code: null, signal })
  expect(alive(pid)).toBe(false)
})

test.each([
  ['exit', 'process.exit(3)', 3],
  ['an error that nobody catches', "setTimeout(() => { throw new Error('bug') })", 1],
  ['the end of the main module with an exit code', 'process.exitCode = 4; await machine.quit()', 4],
])('%s of the owner takes the machine with it', async (_, after, code) => {
  const { pid, ...end } = await ownerOf({ after })
  expect(end).toEqual({ code, signal: null })
  await expect.poll(() => alive(pid), { timeout: 20_000 }).toBe(false)
})

test('SIGKILL of the owner, which it cannot notice, takes the machine with it', async () => {
  const { pid, ...end } = await ownerOf({ before: stay, signal: 'SIGKILL' })
  expect(end).toEqual({ code: null, signal: 'SIGKILL' })
  await expect.poll(() => alive(pid), { timeout: 20_000 }).toBe(false)
})

test("the caller's own listener decides how its process ends", async () => {
  const before = `process.on('SIGINT', async () => { await machine.exited; process.exit(7) }); ${stay}`
  const { pid, ...end } = await ownerOf({ before, signal: 'SIGINT' })
  expect(end).toEqual({ code: 7, signal: null })
  expect(alive(pid)).toBe(false)
})

test('signals left to the caller', async () => {
  const before = `process.on('SIGTERM', async () => { process.exit((await machine.quit()).code + 8) }); ${stay}`
  const { pid, ...end } = await ownerOf({ before, signal: 'SIGTERM', options: { signals: 'caller' } })
  expect(end).toEqual({ code: 8, signal: null })
  expect(alive(pid)).toBe(false)
})
