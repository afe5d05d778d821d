import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { layoutIso, writeIso } from '@ros/iso'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catCommand } from '../commands/cat.ts'
import { diffCommand } from '../commands/diff.ts'
import { extractCommand } from '../commands/extract.ts'
import { inspectCommand } from '../commands/inspect.ts'
import { lintCommand } from '../commands/lint.ts'
import { lsCommand } from '../commands/ls.ts'
import { Spool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-look-disk-'))
const at = (name: string) => join(folder, name)
const spool = new Spool(256 * 1024 ** 2, new AbortController().signal)
const shell = (script: string) => {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
  return execFileSync('sh', ['-ec', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: 60_000,
  })
}

beforeAll(async () => {
  shell(`
    mkdir -p root/etc root/var/lib/docker boot/EFI/BOOT; echo state > root/etc/hostname; ln -s ../etc root/var/etc
    (cd root && echo etc | cpio --quiet -o -H newc > ../initrd); printf loader > boot/EFI/BOOT/BOOTX64.EFI
    mkfs.ext4 -q -L RANCHER_STATE -d root state.img 8M
    mkfs.vfat -C --invariant esp.img 2048 > /dev/null; mcopy -s -i esp.img boot/EFI ::; mcopy -i esp.img initrd ::initrd
    truncate -s 16M disk.img; sgdisk -n 1:2048:6143 -t 1:ef00 -c 1:ESP -n 2:8192:24575 -t 2:8300 disk.img > /dev/null
    dd if=esp.img of=disk.img bs=512 seek=2048 conv=notrunc status=none; dd if=state.img of=disk.img bs=512 seek=8192 conv=notrunc status=none
    qemu-img convert -f raw -O qcow2 -c disk.img disk.qcow2; qemu-img convert -f raw -O qcow2 state.img state.qcow2
    qemu-img create -q -f qcow2 empty.qcow2 1M; gzip -nk disk.img
  `)
  const isolinux = file(fromBytes(readFileSync('/usr/lib/ISOLINUX/isolinux.bin')))
  const options = {
    volumeId: 'HYBRID',
    created: 0,
    boot: {
      bios: { image: 'isolinux.bin', catalog: 'boot.cat' },
      uefi: { esp: fileSource(at('esp.img')) },
      hybrid: { mbr: readFileSync('/usr/lib/ISOLINUX/isohdpfx.bin'), diskId: 1 },
    },
  }
  const tree = new Tree().add('isolinux.bin', isolinux).add('3', file(fromBytes(new Uint8Array(3))))
  await replaceFile(at('hybrid.iso'), writeIso(layoutIso(tree, options)))
}, 60_000)
afterAll(async () => {
  await spool.close()
  rmSync(folder, { recursive: true, force: true })
})

const text = async (target: string) =>
  Buffer.from(await readAll(await catCommand(at(target), spool), 1e7)).toString()
const names = async (target: string) =>
  (await lsCommand(at(target), false, spool)).entries?.map(({ path }) => path)
const rules = async (target: string) => {
  const { kind, findings } = await lintCommand(at(target), undefined, spool)
  const found = []
  for await (const { rule, offset, subject } of findings) found.push([rule, offset, subject])
  return { kind, found }
}

describe('a disk image', () => {
  test.each([
    ['disk.img:2:/etc/hostname', 'state\n'],
    ['disk.qcow2:2:/var/etc/hostname', 'state\n'],
    ['disk.img.gz:2:/etc/hostname', 'state\n'],
    ['state.img:/etc/hostname', 'state\n'],
    ['state.qcow2:etc/hostname', 'state\n'],
    ['disk.img:1:/EFI/BOOT/BOOTX64.EFI', 'loader'],
    ['esp.img:/EFI/BOOT/BOOTX64.EFI', 'loader'],
    ['hybrid.iso:2:/EFI/BOOT/BOOTX64.EFI', 'loader'],
  ])('cat %s', async (target, expected) => {
    expect(await text(target)).toBe(expected)
  })

  test('ls lists partitions, what is in them, and what is in a file in there', async () => {
    expect(await names('disk.img')).toEqual(['1', '2'])
    expect(await names('disk.qcow2')).toEqual(['1', '2'])
    expect(await names('disk.qcow2:2')).toEqual(['etc', 'lost+found', 'var'])
    expect(await names('disk.img:1:/initrd')).toEqual(['etc'])
    expect(await names('hybrid.iso:2')).toEqual(['EFI', 'initrd'])
    // A file of that name comes first.
    expect(await inspectCommand(at('hybrid.iso:3'), spool)).toMatchObject({ kind: 'file', size: 3 })
  })

  test('inspect tells tables and file systems', async () => {
    expect(await inspectCommand(at('disk.qcow2'), spool)).toMatchObject({
      kind: 'disk',
      qcow2: { version: 3, diskSize: 16 * 1024 ** 2 },
      table: {
        type: 'gpt',
        partitions: [
          { number: 1, name: 'ESP', holds: 'fat' },
          { number: 2, holds: 'ext4' },
        ],
      },
    })
    expect(await inspectCommand(at('state.img'), spool)).toMatchObject({
      kind: 'ext4',
      label: 'RANCHER_STATE',
      clean: true,
    })
    expect(await inspectCommand(at('empty.qcow2'), spool)).toMatchObject({
      kind: 'qcow2',
      qcow2: { diskSize: 1_048_576 },
    })
    expect(await inspectCommand(at('hybrid.iso'), spool)).toMatchObject({
      kind: 'iso',
      table: {
        type: 'mbr',
        partitions: [
          { number: 1, type: '17', active: true, holds: 'iso' },
          { number: 2, type: 'ef', holds: 'fat' },
        ],
      },
    })
  })

  test('extract writes what is in a partition', async () => {
    const { written, skipped } = await extractCommand(at('disk.qcow2:2:/'), at('out'), spool)
    expect([written.includes('etc/hostname'), skipped]).toEqual([true, []])
    expect(readFileSync(at('out/etc/hostname'), 'utf8')).toBe('state\n')
  })

  test('diff goes into both', async () => {
    shell(`cp disk.img other.img; mcopy -o -i other.img@@1M /dev/null ::EFI/BOOT/BOOTX64.EFI`)
    const found = []
    for await (const { path, difference } of diffCommand(at('disk.qcow2'), at('other.img'), spool))
      found.push([path, difference])
    expect(found).toContainEqual([':/1:/EFI/BOOT/BOOTX64.EFI', 'size'])
    expect(found.every(([path]) => path?.startsWith(':/1:'))).toBe(true)
  })

  test('lint finds nothing, and what is planted in tables and volumes', async () => {
    for (const name of ['disk.img', 'disk.qcow2'])
      expect(await rules(name)).toEqual({ kind: 'disk', found: [] })
    expect(await rules('hybrid.iso')).toEqual({ kind: 'iso', found: [] })
    expect(await rules('esp.img')).toEqual({ kind: 'fat', found: [] })
    const disk = readFileSync(at('disk.img'))
    disk[512 + 40] = 99
    const fat = 1_048_576 + disk.readUInt16LE(1_048_576 + 14) * 512
    disk[fat + 20] = 77
    writeFileSync(at('bad.img'), disk)
    const { found } = await rules('bad.img')
    expect(found).toContainEqual(['gpt/header', 512 + 16, 'GPT'])
    expect(found.map(([rule]) => rule)).toContain('fat/copies')
    const iso = readFileSync(at('hybrid.iso'))
    iso.writeUInt32LE(iso.length, 446 + 16 + 12)
    writeFileSync(at('bad.iso'), iso)
    expect((await rules('bad.iso')).found.map(([rule]) => rule)).toEqual(['mbr/bounds'])
  })
})
