import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCommand, type QemuOptions, qemuCommand } from './index.ts'
import { checkSocketPath, driveFile, escapeValue } from './option-value.ts'

const base: QemuOptions = { accelerator: 'tcg', memoryMb: 64, cpus: 1, boot: { kernel: 'k' } }

test.each([
  ['plain', 'plain'],
  ['/a,b,,c', '/a,,b,,,,c'],
])('a comma is written twice: %s', (value, escaped) => {
  expect(escapeValue(value)).toBe(escaped)
})

test.each([
  ['/with:colon', '/with:colon'],
  ['sub/with:colon', 'sub/with:colon'],
  ['nbd:host', './nbd:host'],
  ['json:{}', './json:{}'],
  ['C:\\images\\a.img', 'C:\\images\\a.img'],
  ['fat:rw,dir', './fat:rw,,dir'],
])('a file name is not taken for a protocol: %s', (path, written) => {
  expect(driveFile(path)).toBe(written)
})

test.each([0, -1, 1.5, Number.NaN, 16_777_217])('memory of %s MB is refused', (memoryMb) => {
  expect(() => qemuCommand({ ...base, memoryMb })).toThrow(
    expect.objectContaining({ code: 'ROS_QEMU_OPTION', subject: 'memoryMb', limit: '1 … 16777216' }),
  )
})

test.each([0, 256, 0.5])('%s processors are refused', (cpus) => {
  expect(() => qemuCommand({ ...base, cpus })).toThrow(expect.objectContaining({ code: 'ROS_QEMU_OPTION' }))
})

test.each([
  [0, 22],
  [65_536, 22],
  [2222, 0],
  [2222, 70_000],
])('a forward from %s to %s is refused', (hostPort, guestPort) => {
  expect(() => qemuCommand({ ...base, network: { forwards: [{ hostPort, guestPort }] } })).toThrow(
    expect.objectContaining({ code: 'ROS_QEMU_OPTION', limit: '1 … 65535' }),
  )
})

test('the length of a socket path is counted in bytes', () => {
  expect(checkSocketPath('a'.repeat(103))).toHaveLength(103)
  expect(() => checkSocketPath('a'.repeat(104))).toThrow(/104 bytes \(103 bytes\)/)
  expect(() => checkSocketPath('ä'.repeat(52))).toThrow(/104 bytes/)
})

test('forwards listen on loopback unless another address is given', () => {
  const forwards = [
    { hostPort: 1, guestPort: 2 },
    { hostPort: 3, guestPort: 4, hostAddress: '0.0.0.0' },
  ]
  expect(qemuCommand({ ...base, network: { forwards } }).args).toContain(
    'user,id=net0,hostfwd=tcp:127.0.0.1:1-:2,hostfwd=tcp:0.0.0.0:3-:4',
  )
})

test.each([
  ['q35', 6],
  ['pc', 4],
] as const)('a %s machine takes %s CD drives', (machine, count) => {
  const cdroms = Array.from({ length: count }, (_, index) => `${index}.iso`)
  expect(qemuCommand({ ...base, machine, cdroms }).args.join(' ')).toContain(`drive=cd${count - 1},bus=`)
  expect(() => qemuCommand({ ...base, machine, cdroms: [...cdroms, 'x'] })).toThrow(/too many CD drives/)
})

test('secure boot needs a machine with system management mode', () => {
  const firmware = { code: 'code', vars: 'vars', secureBoot: true }
  expect(() => qemuCommand({ ...base, machine: 'pc', firmware })).toThrow(
    expect.objectContaining({ code: 'ROS_QEMU_OPTION', limit: 'q35' }),
  )
})

test('a kernel alone has neither initrd nor append', () => {
  const { args } = qemuCommand(base)
  expect(args).not.toContain('-initrd')
  expect(args).not.toContain('-append')
})

test('a shell reads the formatted command back as the same words', () => {
  const word = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      const line = formatCommand({ program: 'printf', args: ['%s\\0', ...args, 'end'] })
      const out = execFileSync('sh', ['-c', line], { encoding: 'utf8' })
      expect(out.split('\0').slice(0, -1)).toEqual([...args, 'end'])
    }),
    { numRuns: 30 },
  )
})
