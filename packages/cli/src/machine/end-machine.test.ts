import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { microGuest, qemuCommand, startDetached } from '@ros/qemu-runner'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type MachineFiles, openProject } from '../project.ts'
import { endMachine } from './end-machine.ts'
import { identifyProcess, isSameProcess } from './process-identity.ts'
import { type MachineRecord, machineState, writeRecord } from './record.ts'

let folder: string
let files: MachineFiles
let record: MachineRecord

/** A guest that stops at once and ignores its power button. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-end-'))
  files = openProject(folder).machine('box')
  await mkdir(files.directory, { recursive: true })
  const disk = join(folder, 'guest.img')
  await writeFile(disk, microGuest('up\r\n'))
  const command = qemuCommand({
    accelerator: 'tcg',
    memoryMb: 16,
    cpus: 1,
    boot: { disk, readOnly: true },
    network: 'none',
    serial: { socket: files.sockets.console, log: files.consoleLog },
    controlSocket: files.sockets.control,
  })
  const { pid } = await startDetached(command, { log: files.qemuLog })
  record = {
    format: 1,
    name: 'box',
    process: (await identifyProcess(pid)) ?? { pid, started: '' },
    port: null,
    forwards: [],
    memoryMb: 16,
    cpus: 1,
    accelerator: 'tcg',
    boot: 'a sector',
    startedAt: '2026-01-01T00:00:00.000Z',
    console: 'socket',
  }
  await writeRecord(files, record)
})

afterEach(async () => {
  if (await isSameProcess(record.process)) process.kill(record.process.pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('a guest that does not power off is told, and runs on; by force it ends', async () => {
  await expect(endMachine(files, record, { force: false, timeoutMs: 500 })).rejects.toMatchObject({
    code: 'ROS_CLI_STOP',
    hint: expect.stringContaining('--force') as string,
  })
  expect((await machineState(files)).state).toBe('running')
  await endMachine(files, record, { force: true, timeoutMs: 0 })
  expect(await isSameProcess(record.process)).toBe(false)
  expect(existsSync(files.record)).toBe(false)
})

test('a QEMU that does not answer any more is told, and ends by force', async () => {
  process.kill(record.process.pid, 'SIGSTOP')
  expect((await machineState(files)).state).toBe('running')
  await expect(endMachine(files, record, { force: false, timeoutMs: 500 })).rejects.toMatchObject({
    code: 'ROS_CLI_STOP',
    message: expect.stringContaining('does not answer') as string,
  })
  await endMachine(files, record, { force: true, timeoutMs: 0 })
  expect(await isSameProcess(record.process)).toBe(false)
})

test('a machine that is killed from outside has ended', async () => {
  process.kill(record.process.pid, 'SIGKILL')
  await expect.poll(async () => (await machineState(files)).state, { timeout: 20_000 }).toBe('ended')
})
