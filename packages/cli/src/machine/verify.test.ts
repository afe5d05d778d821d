import { expect, test } from 'vitest'
import yargs from 'yargs'
import { readRunArguments } from './run-arguments.ts'
import { runOptions } from './run-options.ts'
import { type BootReport, type Built, reportText, verifyWords } from './verify.ts'

const report: BootReport = {
  format: 1,
  ok: true,
  problems: [],
  artifacts: { 'rancheros.iso': 'a'.repeat(64) },
  boot: 'rancheros.iso as a CD, by BIOS',
  verifiedAt: '2026-01-01T00:00:00.000Z',
  machine: { qemu: '7.2', accelerator: 'tcg', memoryMb: 2048, cpus: 2 },
  sshSeconds: 27.2,
  readySeconds: 34,
  version: 'ros version v0.1.0',
  kernel: '6.1.0',
  services: [{ name: 'console', status: 'Up 8 seconds', ok: true }],
}

test('a report of a machine that started', () => {
  expect(reportText(report)).toBe(
    [
      'passed: rancheros.iso as a CD, by BIOS, QEMU 7.2, tcg, 2048 MB, 2 processors',
      'ros version v0.1.0, Linux 6.1.0',
      'ssh after 27.2 s, every service after 34 s',
      '',
      'ok      console                  Up 8 seconds',
      '',
      `${'a'.repeat(64)}  rancheros.iso`,
      '',
    ].join('\n'),
  )
})

test('one of a machine that did not: what is missing, and the console', () => {
  const services = [{ name: 'docker', status: 'absent', ok: false }]
  const text = reportText({
    ...report,
    ok: false,
    problems: ['service docker: absent'],
    services,
    console: ['last words'],
  })
  expect(text).toMatch(/^FAILED: /)
  expect(text).toContain('problem: service docker: absent\n')
  expect(text).toContain('FAILED  docker')
  expect(text).toContain('the last lines of the console:\n  last words\n')
})

test.each<[Built, string, string]>([
  [{ arch: 'amd64', firmware: 'bios' }, 'x86_64', 'bios'],
  [{ arch: 'amd64', firmware: 'uefi' }, 'x86_64', 'uefi'],
  [{ arch: 'arm64', firmware: 'uefi' }, 'aarch64', 'uefi'],
])('%j is proven by a machine that can start it', (built, arch, firmware) => {
  const raw = runOptions(yargs()).exitProcess(false).parseSync(verifyWords('out', built))
  const read = readRunArguments(raw, [], { platform: 'linux', qemuArgs: undefined })
  expect(read).toMatchObject({ arch, firmware, boot: { from: 'iso' }, name: 'verify' })
})
