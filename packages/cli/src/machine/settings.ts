import { readFile } from 'node:fs/promises'
import { fromText } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import type { MachineFiles } from '../project.ts'

/** What a machine keeps between starts, beside its disks. */
export interface Settings {
  /** Port of ssh at the last start. */
  readonly port?: number | undefined
  /** Which system was started last: see `systemOf`. */
  readonly system?: string | undefined
}

/** Settings that cannot be read are none: they cost the port its number, and the host key its memory. */
export async function readSettings(files: MachineFiles): Promise<Settings> {
  try {
    const { port, system } = JSON.parse(await readFile(files.settings, 'utf8')) as Record<string, unknown>
    return {
      ...(typeof port === 'number' && { port }),
      ...(typeof system === 'string' && { system }),
    }
  } catch {
    return {}
  }
}

/** Changes some of them. */
export async function changeSettings(files: MachineFiles, change: Settings): Promise<void> {
  const settings = { ...(await readSettings(files)), ...change }
  await replaceFile(files.settings, fromText(`${JSON.stringify(settings)}\n`).open(), { mode: 0o600 })
}
