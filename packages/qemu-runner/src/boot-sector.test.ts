import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { guestCommand, inDirectory } from './guest.fixture.ts'
import { debugExit, microGuest, startMachine } from './index.ts'

const device = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04']

test.each(['q35', 'pc'] as const)(
  'the guest prints in 64-bit mode and leaves by the exit device (%s)',
  async (machine) => {
    await inDirectory(async (directory) => {
      const { qmpSocket, ...command } = await guestCommand(directory, 'one\r\ntwo\r\n', debugExit, {
        machine,
        extra: device,
      })
      const args = command.args.slice(0, command.args.indexOf('-chardev')).concat(device)
      const log = join(directory, 'log')
      await using running = await startMachine({ program: command.program, args }, { consoleLog: log })
      expect(await running.exited).toEqual({ code: 33, signal: null })
      expect(await readFile(log, 'latin1')).toMatch(/one\r\ntwo\r\n$/)
      expect(qmpSocket).toBe(join(directory, 'qmp'))
    })
  },
)

test('the image is one boot sector on a disk of 1 MiB', () => {
  const disk = microGuest('x')
  expect(disk).toHaveLength(1_048_576)
  expect([...disk.subarray(510, 512)]).toEqual([0x55, 0xaa])
  expect(disk.subarray(512).every((byte) => byte === 0)).toBe(true)
})

test('text that does not fit is refused, the longest that does is whole', () => {
  const room = (length: number) => {
    try {
      return microGuest('x'.repeat(length))
    } catch (error) {
      return (error as { code?: string }).code
    }
  }
  let longest = 0
  while (room(longest + 1) !== 'ROS_QEMU_OPTION') longest++
  expect(longest).toBeGreaterThan(250)
  const disk = microGuest('x'.repeat(longest))
  expect([...disk.subarray(508, 512)]).toEqual([0x78, 0, 0x55, 0xaa])
})

test.each([0, -1, 2 ** 32, 1.5])('%s turns are refused', (turns) => {
  expect(() => microGuest('x', { turns })).toThrow(expect.objectContaining({ code: 'ROS_QEMU_OPTION' }))
})
