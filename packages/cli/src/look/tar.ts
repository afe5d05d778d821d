import type { ByteSource } from '@ros/bytes'
import { readTar } from '@ros/debian'
import { countNodes, type TreeContainer } from './container.ts'

export async function openTar(source: ByteSource, name: string): Promise<TreeContainer> {
  const tree = await readTar(source, name, { twice: 'last' })
  return { type: 'tree', kind: 'tar', tree, facts: { nodes: countNodes(tree) }, compared: {} }
}

const BLOCK = 512
const CHECKSUM = 148

/** Whether a first block is a tar header: its checksum holds, whatever magic it has. */
export function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK || head[0] === 0) return false
  const stored = String.fromCharCode(...head.subarray(CHECKSUM, CHECKSUM + 8)).replace(/[ \0]+$/, '')
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= CHECKSUM && i < CHECKSUM + 8 ? 0x20 : (head[i] ?? 0)
  return /^ *[0-7]+$/.test(stored) && Number.parseInt(stored, 8) === sum
}
