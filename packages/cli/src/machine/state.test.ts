import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MachineFiles, openProject } from '../project.ts'
import { lockMachine } from './lock.ts'
import { identifyProcess, isSameProcess } from './process-identity.ts'
import { type MachineRecord, machineState, runningMachine, writeRecord } from './record.ts'

let folder: string
let files: MachineFiles
const servers: Server[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ros-state-'))
  files = openProject(folder).machine('box')
})
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

/** Something that listens where a machine's control socket is. */
async function listen(path: string) {
  const server = createServer((socket) => socket.destroy())
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(path, resolve))
}

const record = (process: MachineRecord['process']): MachineRecord => ({
  format: 1,
  name: 'box',
  process,
  port: 2222,
  forwards: [],
  memoryMb: 512,
  cpus: 1,
  accelerator: 'tcg',
  boot: 'x',
  startedAt: '2026-01-01T00:00:00.000Z',
  console: 'socket',
})

const me = async () => (await identifyProcess(process.pid)) ?? { pid: 0, started: '' }
/** The number of a process that runs, with the start of another: what a number that was used again looks like. */
const reused = async () => ({ ...(await me()), started: 'another boot 42' })
const NO_SUCH_PID = 4_194_304 + 1

describe('a process', () => {
  test('is itself, and no other of its number', async () => {
    expect(await isSameProcess(await me())).toBe(true)
    expect(await isSameProcess(await reused())).toBe(false)
    expect(await identifyProcess(NO_SUCH_PID)).toBeUndefined()
  })
})

describe('a machine', () => {
  const written = async (process: MachineRecord['process']) => {
    await lockMachine(files).then((release) => release())
    await writeRecord(files, record(process))
    return (await machineState(files)).state
  }

  test('without a record is off', async () => {
    expect(await machineState(files)).toEqual({ state: 'off' })
    await expect(runningMachine(files)).rejects.toMatchObject({ code: 'ROS_CLI_NOT_RUNNING', subject: 'box' })
  })

  test('whose process is there, or whose control socket answers, runs', async () => {
    expect(await written(await me())).toBe('running')
    expect(await written({ pid: NO_SUCH_PID, started: '' })).toBe('ended')
    await listen(files.sockets.control)
    expect((await machineState(files)).state).toBe('running')
  })

  test('whose number belongs to another process now has ended', async () => {
    expect(await written(await reused())).toBe('ended')
    await expect(runningMachine(files)).rejects.toMatchObject({
      code: 'ROS_CLI_NOT_RUNNING',
      message: expect.stringContaining('has ended') as string,
    })
  })

  test.each(['', '{', '[]', 'null', '{"format":2}', '{"format":1,"process":{"pid":"1"}}'])(
    'with the damaged record %j is an error that names the file',
    async (text) => {
      await written(await me())
      await writeFile(files.record, text)
      await expect(machineState(files)).rejects.toMatchObject({
        code: 'ROS_CLI_STATE',
        subject: files.record,
      })
    },
  )
})

describe('the lock', () => {
  test('is held by one, and free afterwards', async () => {
    const release = await lockMachine(files)
    await expect(lockMachine(files)).rejects.toMatchObject({ code: 'ROS_CLI_RUNNING' })
    await release()
    await (await lockMachine(files))()
    // What is free keeps its number.
    expect(await readdir(files.directory)).toEqual(['lock.2'])
  })

  test('goes to one of many that ask at the same time', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockMachine(files)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test.each([
    ['a process that is gone', () => Promise.resolve(JSON.stringify({ pid: NO_SUCH_PID, started: 'x' }))],
    ['a number that another process has now', async () => JSON.stringify(await reused())],
    ['damage', () => Promise.resolve('{"pid":')],
  ])('of %s is taken over, by one', async (_, text) => {
    await (await lockMachine(files))()
    await writeFile(`${files.lock}.7`, await text())
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockMachine(files)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(JSON.parse(await readFile(`${files.lock}.8`, 'utf8'))).toEqual(await me())
    expect(await readdir(files.directory)).toEqual(['lock.8'])
  })

  test('is refused while a machine without an owner runs, and not kept then', async () => {
    await (await lockMachine(files))()
    await listen(files.sockets.control)
    await expect(lockMachine(files)).rejects.toMatchObject({ code: 'ROS_CLI_RUNNING' })
    expect(await readdir(files.directory)).toEqual(['control.sock', 'lock.2'])
  })
})
