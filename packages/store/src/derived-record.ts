import { readFile } from 'node:fs/promises'
import type { Digest } from '@ros/bytes/node'

/** What is kept for the key of something computed. */
export interface DerivedRecord {
  readonly key: string
  readonly digest: Digest
  readonly size: number
}

export function formatRecord(record: DerivedRecord): Uint8Array[] {
  return [new TextEncoder().encode(`${JSON.stringify(record)}\n`)]
}

/** The record for `key`; undefined when there is none, or none that can be read: then the content is computed again. */
export async function readRecord(path: string, key: string): Promise<DerivedRecord | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return parseRecord(text, key)
}

function parseRecord(text: string, key: string): DerivedRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const record = value as Partial<Record<keyof DerivedRecord, unknown>> | null
  const { digest, size } = record ?? {}
  if (record?.key !== key || typeof digest !== 'string' || typeof size !== 'number') return undefined
  return /^sha256:[0-9a-f]{64}$/.test(digest) ? { key, digest: digest as Digest, size } : undefined
}
