import { existsSync } from 'node:fs'
import type { Firmware } from '@ros/qemu-runner'

const FOLDER = '/usr/share/OVMF'

/** OVMF of Debian's package: plain, or with Microsoft's keys and secure boot on. */
export function ovmf(kind: 'plain' | 'secure boot'): Firmware {
  const keys = kind === 'plain' ? '' : '.ms'
  const firmware = {
    code: `${FOLDER}/OVMF_CODE_4M${keys}.fd`,
    vars: `${FOLDER}/OVMF_VARS_4M${keys}.fd`,
    secureBoot: kind === 'secure boot',
  }
  for (const path of [firmware.code, firmware.vars])
    if (!existsSync(path)) throw new Error(`${path} is missing: install the Debian package ovmf`)
  return firmware
}

/** AAVMF of Debian's package, for arm64. */
export function aavmf(): Firmware {
  const [code, vars] = ['/usr/share/AAVMF/AAVMF_CODE.fd', '/usr/share/AAVMF/AAVMF_VARS.fd'] as const
  for (const path of [code, vars])
    if (!existsSync(path)) throw new Error(`${path} is missing: install the Debian package qemu-efi-aarch64`)
  return { code, vars }
}
