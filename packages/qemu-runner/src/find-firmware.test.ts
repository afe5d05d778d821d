import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findFirmware } from './find-firmware.ts'

const only = (...paths: string[]) => ({ exists: (path: string) => paths.includes(path) })

test.each([
  ['Fedora', '/usr/share/edk2/ovmf/OVMF_CODE_4M.qcow2', '/usr/share/edk2/ovmf/OVMF_VARS_4M.qcow2', 'qcow2'],
  ['Arch', '/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd', undefined],
])('%s', (_, code, vars, format) => {
  const found = findFirmware('x86_64', false, only(code, vars))
  expect(found).toEqual({ code, vars, ...(format && { format }) })
})

test('code without variables is no firmware', () => {
  expect(() => findFirmware('x86_64', false, only('/usr/share/OVMF/OVMF_CODE_4M.fd'))).toThrow(
    expect.objectContaining({ code: 'ROS_QEMU_FIRMWARE', hint: expect.stringContaining('ovmf') as string }),
  )
})

test('secure boot needs images with keys, and x86', () => {
  expect(() => findFirmware('aarch64', true, { exists: () => true })).toThrow(
    expect.objectContaining({ code: 'ROS_QEMU_OPTION' }),
  )
  expect(findFirmware('x86_64', true, { exists: () => true })).toMatchObject({
    code: '/usr/share/OVMF/OVMF_CODE_4M.ms.fd',
    secureBoot: true,
  })
})

test('this machine has what the tests install', () => {
  for (const secureBoot of [false, true])
    expect(findFirmware('x86_64', secureBoot, { exists: existsSync }).code).toMatch(/OVMF/)
  expect(findFirmware('aarch64', false, { exists: existsSync }).code).toMatch(/AAVMF/)
})
