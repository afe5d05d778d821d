import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { alive, echo, guestCommand, inDirectory } from './guest.fixture.ts'
import { forwardInput, rawMode } from './terminal.ts'

function terminal() {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    isRaw: false,
    setRawMode: (raw: boolean) => modes.push(raw),
  })
  return { input, modes }
}

test('raw mode is put back as it was; a pipe has none', () => {
  const { input, modes } = terminal()
  rawMode(input)()
  rawMode(Object.assign(input, { isRaw: true }))()
  expect(modes).toEqual([true, false, true, true])
  rawMode(new PassThrough())()
})

test('what is typed goes on, until it is taken back', async () => {
  const { input, modes } = terminal()
  const target = new PassThrough({ highWaterMark: 2 })
  const stop = forwardInput(input, target)
  let seen = ''
  input.write('first ')
  input.write('second')
  target.on('data', (bytes) => {
    seen += bytes
  })
  await expect.poll(() => seen).toBe('first second')
  stop()
  input.write('third')
  expect(input.listenerCount('data')).toBe(0)
  expect(input.isPaused()).toBe(true)
  expect(modes).toEqual([true, false])
  expect(seen).toBe('first second')
})

test('on a real terminal: keys reach the guest, Ctrl-C ends machine and owner, the terminal is as before', async () => {
  await inDirectory(async (directory) => {
    const command = JSON.stringify(await guestCommand(directory, 'ready\r\n', echo))
    const owner = join(directory, 'owner.ts')
    await writeFile(
      owner,
      `import { startMachine } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)}
       const onConsole = (text) => process.stdout.write(text)
       const machine = await startMachine(${command}, { stdin: 'inherit', onConsole })
       process.stdout.write('pid ' + machine.pid + '\\n')`,
    )
    const node = `'${process.execPath}' --disable-warning=ExperimentalWarning '${owner}'`
    const line = `stty -a | tr ';' '\\n' > ${directory}/before; ${node}; echo code $?; stty -a | tr ';' '\\n' > ${directory}/after; cmp ${directory}/before ${directory}/after && echo same terminal`
    const child = spawn('script', ['-qfc', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
    let shown = ''
    child.stdout.on('data', (bytes) => {
      shown += bytes
    })
    const sees = (pattern: RegExp) => expect.poll(() => shown, { timeout: 30_000 }).toMatch(pattern)
    try {
      await sees(/pid \d+[\s\S]*ready|ready[\s\S]*pid \d+/)
      const pid = Number(/pid (\d+)/.exec(shown)?.[1])
      child.stdin.write('hello guest')
      await sees(/hello guest/)
      expect(alive(pid)).toBe(true)
      child.stdin.write('\x03')
      await sees(/code 130[\s\S]*same terminal/)
      expect(alive(pid)).toBe(false)
    } finally {
      child.kill('SIGKILL')
    }
  })
})
