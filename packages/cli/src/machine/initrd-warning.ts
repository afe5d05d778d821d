import { statSync } from 'node:fs'
import { fileSource } from '@ros/bytes/node'
import { memoryToBoot, memoryWarning, unpackedSize } from '@ros/distro'
import { readInitrd } from '@ros/initrd'

/** No compressor gets more out of programs: an initrd needs to be looked at only when even this would not fit. */
const MOST_RATIO = 6

/** What a user should know before an initrd is booted with too little memory; undefined when there is enough. */
export async function initrdWarning(path: string, memoryMb: number): Promise<string | undefined> {
  const memory = memoryMb * 1024 ** 2
  const initrd = statSync(path).size
  if (memory >= memoryToBoot({ initrd, unpacked: initrd * MOST_RATIO })) return undefined
  const { tree } = await readInitrd(fileSource(path))
  return memoryWarning({ initrd, unpacked: unpackedSize(tree) }, memory)
}
