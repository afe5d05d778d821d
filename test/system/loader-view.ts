// What firmware and boot loaders find on a disk, read as they do: the first sector, the partition table, files by their names.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { fileSource } from '@ros/bytes/node'
import { readPartitions } from '@ros/partitions'
import { expect } from 'vitest'

export interface LoaderView {
  /** Folder of the system that starts by itself, under either kind of firmware; undefined where the disk starts nothing. */
  readonly starts: string | undefined
  /** What each loader starts instead, once. */
  readonly bios: string | undefined
  readonly uefi: string | undefined
  /** SHA-256 of kernel and initrd, by folder, of all that may start. */
  readonly digests: Readonly<Record<string, string>>
}

const NOTHING: LoaderView = { starts: undefined, bios: undefined, uefi: undefined, digests: {} }

/** What is on a disk; `repaired` is read in place of its boot volume. */
export async function loaderView(image: string, repaired?: string): Promise<LoaderView> {
  const sector = Buffer.alloc(512)
  const handle = await open(image, 'r')
  await handle.read(sector, 0, 512, 0)
  await handle.close()
  // Without its mark neither the BIOS nor UEFI goes on to the partitions.
  if (sector.readUInt16LE(510) !== 0xaa55) return NOTHING
  const table = await readPartitions(fileSource(image))
  const boot = table?.partitions.find(({ name }) => name === 'RANCHER_BOOT')
  if (!boot) throw new Error('the first sector is whole, the partition table is not')
  const volume = repaired ?? `${image}@@${boot.offset}`
  const read = (path: string): Buffer => {
    const { status, stdout, stderr } = spawnSync('mtype', ['-i', volume, `::${path}`], {
      maxBuffer: 1 << 28,
      env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
    })
    if (status !== 0) throw new Error(`${path}: ${stderr.toString()}`)
    return stdout
  }
  const selection = read('/ros/boot.cfg').toString()
  expect(selection.length).toBe(512)
  const folder = (role: string) =>
    new RegExp(`^include /ros/([^/]+)/${role}\\.cfg$`, 'm').exec(selection)?.[1]
  const starts = folder('current')
  if (!starts) throw new Error(`no current system: ${selection}`)
  const trial = folder('trial')
  for (const path of ['/syslinux/ldlinux.c32', '/syslinux/syslinux.cfg', '/boot/grub/grub.cfg']) read(path)
  const vector = read('/syslinux/ldlinux.sys').subarray(-1024)
  const once = read('/boot/grub/grubenv')
  expect(once.length).toBe(1024)
  const tried = [firstWhole(vector)?.[8] === 1, once.includes('ros_once=trial')].map((set) =>
    set ? trial : undefined,
  )
  const digests: Record<string, string> = {}
  for (const name of new Set([starts, folder('previous'), trial])) {
    if (name === undefined) continue
    const hash = createHash('sha256')
    for (const part of ['vmlinuz', 'initrd']) hash.update(read(`/ros/${name}/${part}`))
    for (const role of ['current', 'previous', 'trial']) read(`/ros/${name}/${role}.cfg.grub`)
    digests[name] = hash.digest('hex')
  }
  return { starts, bios: tried[0], uefi: tried[1], digests }
}

/** SYSLINUX takes the first copy of its auxiliary data that is whole. */
function firstWhole(vector: Buffer): Buffer | undefined {
  return [vector.subarray(0, 512), vector.subarray(512)].find((copy) => {
    let sum = 0
    for (let at = 4; at < 508; at += 4) sum = (sum + copy.readUInt32LE(at)) % 2 ** 32
    return sum === 0xa3041767 && copy.readUInt32LE(0) === 0x5a2d2fa5 && copy.readUInt32LE(508) === 0xdd28bf64
  })
}
