import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { alive, guestCommand, inDirectory } from './guest.fixture.ts'

const source = new URL('index.ts', import.meta.url).href

/** Runs a program that starts a machine, prints its process id and goes on with `rest`; gives its end and that id. */
async function ownerOf(rest: string, signal?: NodeJS.Signals) {
  return await inDirectory(async (directory) => {
    const command = JSON.stringify(await guestCommand(directory, 'up\r\n'))
    const program = join(directory, 'owner.ts')
    await writeFile(
      program,
      `import { startMachine } from ${JSON.stringify(source)}
       const machine = await startMachine(${command}, OPTIONS)
       await machine.waitForLine(/up/, 30_000)
       process.stdout.write(machine.pid + '\\n')
       ${rest}`.replace('OPTIONS', rest.includes('by the caller') ? "{ signals: 'caller' }" : '{}'),
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
      expect(alive(pid)).toBe(true)
      if (signal) owner.kill(signal)
      return { ...(await ended), pid }
    } finally {
      owner.kill('SIGKILL')
    }
  })
}

const stay = 'setInterval(() => {}, 1000)'

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends the machine, then its owner', async (signal) => {
  const { pid, ...end } = await ownerOf(stay, signal)
  expect(end).toEqual({ code: null, signal })
  expect(alive(pid)).toBe(false)
})

test.each([
  ['exit', 'process.exit(3)', 3],
  ['an error that nobody catches', "setTimeout(() => { throw new Error('bug') })", 1],
  ['the end of the main module with an exit code', 'process.exitCode = 4; await machine.quit()', 4],
])('%s of the owner takes the machine with it', async (_, rest, code) => {
  const { pid, ...end } = await ownerOf(rest)
  expect(end).toEqual({ code, signal: null })
  await expect.poll(() => alive(pid)).toBe(false)
})

test("the caller's own listener decides how its process ends", async () => {
  const { pid, ...end } = await ownerOf(
    `process.on('SIGINT', async () => { await machine.exited; process.exit(7) }); ${stay}`,
    'SIGINT',
  )
  expect(end).toEqual({ code: 7, signal: null })
  expect(alive(pid)).toBe(false)
})

test('signals left to the caller', async () => {
  const { pid, ...end } = await ownerOf(
    `process.on('SIGTERM', async () => { // by the caller
       const { code } = await machine.quit(); process.exit(code + 8)
     }); ${stay}`,
    'SIGTERM',
  )
  expect(end).toEqual({ code: 8, signal: null })
  expect(alive(pid)).toBe(false)
})
