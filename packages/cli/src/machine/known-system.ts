import { rm } from 'node:fs/promises'
import type { MachineFiles } from '../project.ts'
import type { RunArguments } from './run-arguments.ts'
import { changeSettings, readSettings } from './settings.ts'

/**
 * Whose host key a start meets: what was built keeps it on the state disk, however it is started; a system installed to that disk and
 * an image have their own. Undefined for one that may have no disk to keep it on.
 */
export function systemOf({ boot, format }: Pick<RunArguments, 'boot' | 'format'>): string | undefined {
  if (boot.from === 'disk') return `disk ${boot.image}`
  if (boot.from === 'boothd') return 'installed'
  return format ? 'built' : undefined
}

/** Forgets the host key when another system is started than last time: the machine is this command's own, nobody else's. */
export async function knowSystem(files: MachineFiles, system: string | undefined): Promise<void> {
  if (system !== undefined && (await readSettings(files)).system === system) return
  await rm(files.knownHosts, { force: true })
  await changeSettings(files, { system })
}
