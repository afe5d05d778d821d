import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha256Text } from '@ros/bytes/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from './index.ts'
import { currentOwner, isAlive, ownerName, parseOwner } from './owner.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ros-store-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const index = fileURLToPath(new URL('index.ts', import.meta.url))
const temporaries = () => readdir(join(directory, 'temporary'))

/** Another process with the store open, running `body`. */
function child(body: string) {
  const program = `
    const { openStore } = await import(${JSON.stringify(index)})
    const store = await openStore(${JSON.stringify(directory)})
    ${body}`
  const options = { stdio: ['ignore', 'pipe', 'inherit'] as const }
  const flags = ['--conditions=@ros/source', '--no-warnings', '--input-type=module', '-e', program]
  return spawn(process.execPath, flags, { stdio: [...options.stdio] })
}

test('what a killed process left is removed at the next opening, what a running one writes is not', async () => {
  const writer = child(`
    async function* endless() {
      yield new Uint8Array(1000)
      console.log('writing')
      await new Promise((resolve) => setTimeout(resolve, 600_000))
    }
    await store.derived('never', endless)`)
  await once(writer.stdout, 'data')
  expect(await temporaries()).toHaveLength(1)
  await openStore(directory, { staleAfterMs: 0 })
  expect(await temporaries()).toHaveLength(1)
  writer.kill('SIGKILL')
  await once(writer, 'exit')
  await openStore(directory)
  expect(await temporaries()).toEqual([])
})

test('processes that compute the same at once agree', async () => {
  const writers = Array.from({ length: 3 }, () =>
    child(`
      const { setTimeout: sleep } = await import('node:timers/promises')
      async function* slow() {
        for (let i = 0; i < 20; i++) { yield new Uint8Array(1000).fill(i); await sleep(5) }
      }
      const made = await store.derived('same', slow)
      await store.verify(made.digest)
      console.log(made.digest)`),
  )
  const digests = await Promise.all(
    writers.map(async (writer) => {
      let text = ''
      writer.stdout.on('data', (chunk) => {
        text += String(chunk)
      })
      const [code] = await once(writer, 'close')
      expect(code).toBe(0)
      return text.trim()
    }),
  )
  expect(new Set(digests).size).toBe(1)
  expect(digests[0]).toMatch(/^sha256:/)
  expect(await temporaries()).toEqual([])
})

test('leftovers of another machine go when they are old, foreign names stay', async () => {
  const temporary = join(directory, 'temporary')
  await mkdir(temporary)
  const names = ['000000000000-1-1.aaaa', '000000000000-1-1.bbbb', 'notes.txt']
  for (const name of names) await writeFile(join(temporary, name), '')
  await utimes(join(temporary, '000000000000-1-1.aaaa'), 1, 1)
  await utimes(join(temporary, 'notes.txt'), 1, 1)
  await openStore(directory)
  expect((await temporaries()).sort()).toEqual(['000000000000-1-1.bbbb', 'notes.txt'])
})

test('an owner is told from a later process with the same id', () => {
  const owner = currentOwner()
  expect(parseOwner(`${ownerName(owner)}.0123`)).toEqual(owner)
  expect(isAlive(owner)).toBe(true)
  expect(isAlive({ ...owner, start: owner.start + 1 })).toBe(process.platform !== 'linux')
  expect(isAlive({ ...owner, host: sha256Text('elsewhere').slice(7, 19) })).toBeUndefined()
  expect(parseOwner('something.else')).toBeUndefined()
})
