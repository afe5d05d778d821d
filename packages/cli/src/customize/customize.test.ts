import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromText, readAll } from '@ros/bytes'
import { fileSource, replaceFile } from '@ros/bytes/node'
import { layoutFat } from '@ros/disk'
import { writeSegments } from '@ros/initrd'
import { lintIso } from '@ros/iso'
import { directory, file, symlink, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catCommand } from '../commands/cat.ts'
import { lsCommand } from '../commands/ls.ts'
import { Spool } from '../look/spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-customize-'))
const at = (name: string) => join(folder, name)
const spool = new Spool(256 * 1024 ** 2, new AbortController().signal)
afterAll(async () => {
  await spool.close()
  rmSync(folder, { recursive: true, force: true })
})
const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const kit = (...args: string[]) =>
  new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, ['--conditions=@ros/source', main, ...args], { cwd: folder })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => void (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
const text = async (target: string) =>
  Buffer.from(await readAll(await catCommand(at(target), spool), 1e7)).toString()

/** A kernel nobody starts, an initrd of two segments, menus of isolinux, of GRUB on the ISO and of GRUB on the EFI system partition. */
beforeAll(async () => {
  mkdirSync(at('t/boot/isolinux'), { recursive: true })
  mkdirSync(at('t/boot/grub'), { recursive: true })
  const base = new Tree()
    .addDirectories('usr/lib')
    .addDirectories('etc', { mode: 0o750, uid: 7, mtime: 5 })
    .add('lib', symlink('usr/lib'))
    .add('etc/motd', file(fromText('old motd')))
    .add('etc/full', directory())
    .add('etc/full/file', file(fromText('x')))
  const shared = file(fromText('shared'))
  const top = new Tree().addDirectories('usr').add('usr/one', shared).add('usr/two', shared)
  const segments = [
    { name: 'base', tree: base, compression: 'zstd' },
    { name: 'top', tree: top, compression: 'gzip' },
  ] as const
  await replaceFile(at('t/boot/initrd'), writeSegments(segments))
  writeFileSync(at('t/boot/vmlinuz'), 'kernel')
  writeFileSync(at('t/boot/isolinux/isolinux.bin'), readFileSync('/usr/lib/ISOLINUX/isolinux.bin'))
  writeFileSync(
    at('t/boot/isolinux/isolinux.cfg'),
    'default a\nlabel a\n  kernel /boot/vmlinuz\n  initrd /boot/initrd\n  append quiet one\n',
  )
  writeFileSync(
    at('t/boot/grub/grub.cfg'),
    "menuentry 'A' {\n  linux /boot/vmlinuz quiet one\n  initrd /boot/initrd\n}\n",
  )
  const time = { mtime: 1_700_000_000 }
  const esp = new Tree()
  esp.root = directory(time)
  esp
    .addDirectories('EFI/BOOT', time)
    .add('EFI/BOOT/BOOTX64.EFI', file(fromText('loader'), time))
    .add('EFI/BOOT/grub.cfg', file(fromText('linux /boot/vmlinuz quiet two\n'), time))
  const volume = layoutFat(esp, {
    serialNumber: 0x1234_5678,
    label: 'ESP',
    created: 1_700_000_000,
    size: 1_474_560,
  })
  await replaceFile(at('esp.img'), volume.content.open())
  const isolinux = [
    '-b',
    'boot/isolinux/isolinux.bin',
    '-c',
    'boot/isolinux/boot.cat',
    '-no-emul-boot',
    '-boot-load-size',
    '4',
    '-boot-info-table',
  ]
  const hybrid = [
    '-isohybrid-mbr',
    '/usr/lib/ISOLINUX/isohdpfx.bin',
    '-partition_offset',
    '16',
    '-append_partition',
    '2',
    '0xef',
    at('esp.img'),
  ]
  const uefi = ['-eltorito-alt-boot', '-e', '--interval:appended_partition_2:all::', '-no-emul-boot']
  execFileSync(
    'xorriso',
    [
      '-as',
      'mkisofs',
      '-quiet',
      '-J',
      '-R',
      '-V',
      'SMALL',
      ...isolinux,
      ...hybrid,
      ...uefi,
      '-o',
      at('in.iso'),
      at('t'),
    ],
    { stdio: 'pipe' },
  )
  writeFileSync(at('new'), 'new content')
  mkdirSync(at('tool/bin'), { recursive: true })
  writeFileSync(at('tool/bin/run'), '#!/bin/sh\n', { mode: 0o755 })
})

describe('customize', { timeout: 300_000 }, () => {
  test('changes every menu, on the EFI system partition too, and nothing else there', async () => {
    const { code, stdout, stderr } = await kit(
      'customize',
      '--json',
      'in.iso',
      'menu.iso',
      '--append',
      'three four=4',
      '--remove',
      'quiet',
    )
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject({
      configs: ['boot/grub/grub.cfg', 'boot/isolinux/isolinux.cfg', 'esp:EFI/BOOT/grub.cfg'],
      initrds: [],
      warnings: [],
    })
    expect(await text('menu.iso:/boot/isolinux/isolinux.cfg')).toContain('\n  append one three four=4\n')
    expect(await text('menu.iso:/boot/grub/grub.cfg')).toContain('\n  linux /boot/vmlinuz one three four=4\n')
    expect(await text('menu.iso:2:/EFI/BOOT/grub.cfg')).toBe('linux /boot/vmlinuz two three four=4\n')
    expect(await text('menu.iso:2:/EFI/BOOT/BOOTX64.EFI')).toBe('loader')
    for await (const finding of lintIso(fileSource(at('menu.iso')))) expect(finding).toBeUndefined()
    expect((await kit('lint', 'menu.iso')).stdout).toMatch(/ 0 errors, 0 warnings$/m)
  })

  test('adds and replaces in the initrd, through its links, and keeps its directories as they are', async () => {
    const files = [
      '--initrd-file',
      '/etc/motd=new',
      '--initrd-file',
      '/lib/tool=tool',
      '--initrd-file',
      'var/x/y=new',
    ]
    const { code, stderr } = await kit('customize', 'in.iso', 'files.iso', ...files, '--compression', 'xz')
    expect([code, stderr]).toEqual([0, ''])
    expect(await text('files.iso:/boot/initrd:/etc/motd')).toBe('new content')
    expect(await text('files.iso:/boot/initrd:/usr/lib/tool/bin/run')).toBe('#!/bin/sh\n')
    expect(await text('files.iso:/boot/initrd:/var/x/y')).toBe('new content')
    expect(await text('files.iso:/boot/initrd:/etc/full/file')).toBe('x')
    const { entries } = await lsCommand(at('files.iso:/boot/initrd'), true, spool)
    const entry = (path: string) => entries?.find((each) => each.path === path)
    expect(entry('etc')).toMatchObject({ type: 'directory', mode: '0750', uid: 7 })
    expect(entry('lib')).toMatchObject({ type: 'symlink', target: 'usr/lib' })
    expect(entry('usr/lib/tool/bin/run')).toMatchObject({ mode: '0755', uid: 0 })
    // What was there comes first, byte for byte.
    const before = readFileSync(at('t/boot/initrd'))
    const after = Buffer.from(await readAll(await catCommand(at('files.iso:/boot/initrd'), spool), 1e7))
    expect(after.subarray(0, before.length).equals(before)).toBe(true)
  })

  test('says the same twice, and no change makes the same image again', async () => {
    const args = ['--cloud-config', 'cloud.yml', '--iso-file', '/docs=tool']
    writeFileSync(at('cloud.yml'), '#cloud-config\nhostname: x\n')
    for (const name of ['1.iso', '2.iso'])
      expect((await kit('customize', 'in.iso', name, ...args)).code).toBe(0)
    expect(readFileSync(at('1.iso')).equals(readFileSync(at('2.iso')))).toBe(true)
    expect(await text('1.iso:/boot/initrd:/var/lib/rancher/conf/cloud-config.d/customize.yml')).toBe(
      '#cloud-config\nhostname: x\n',
    )
    expect((await kit('customize', '1.iso', '3.iso')).code).toBe(0)
    expect(readFileSync(at('1.iso')).equals(readFileSync(at('3.iso')))).toBe(true)
  })

  test.each<[string, string, readonly string[]]>([
    ['an argument with quotes', 'ROS_CLI_USAGE', ['--append', 'a="b c"']],
    ['a place that leads out', 'ROS_CLI_USAGE', ['--initrd-file', '../x=new']],
    ['no place', 'ROS_CLI_USAGE', ['--iso-file', 'new']],
    ['a file that is not there', 'ROS_CLI_FILE', ['--iso-file', '/x=nothing']],
    [
      'an initrd that is not there',
      'ROS_CLI_CUSTOMIZE',
      ['--initrd', '/boot/other', '--initrd-file', '/x=new'],
    ],
    ['a file over a directory with entries', 'ROS_INITRD_CONFLICT', ['--initrd-file', '/etc/full=new']],
    ['one of several names of a file', 'ROS_INITRD_CONFLICT', ['--initrd-file', '/usr/one=new']],
    ['a script as cloud-config', 'ROS_CLI_CLOUD_CONFIG', ['--cloud-config', 'script']],
    ['a cloud-config that is none', 'ROS_CLI_CLOUD_CONFIG', ['--cloud-config', 'list']],
  ])('refuses %s and leaves nothing', async (_, expected, args) => {
    writeFileSync(at('script'), '#!/bin/sh\n')
    writeFileSync(at('list'), '- a\n- b\n')
    const before = readdirSync(folder)
    const { code, stderr } = await kit('customize', 'in.iso', 'refused.iso', ...args)
    expect(stderr).toContain(expected)
    expect(code).toBe(expected === 'ROS_CLI_USAGE' ? 2 : 1)
    expect(readdirSync(folder)).toEqual(before)
  })

  test('refuses to write over what it reads, and an image without a menu whose arguments are to change', async () => {
    const before = readFileSync(at('in.iso'))
    expect((await kit('customize', 'in.iso', './in.iso', '--append', 'x')).code).toBe(2)
    expect(readFileSync(at('in.iso')).equals(before)).toBe(true)
    execFileSync('xorriso', ['-as', 'mkisofs', '-quiet', '-R', '-o', at('bare.iso'), at('tool')], {
      stdio: 'pipe',
    })
    expect((await kit('customize', 'bare.iso', 'out.iso', '--append', 'x')).stderr).toContain(
      'ROS_CLI_CUSTOMIZE',
    )
    expect((await kit('customize', 'new', 'out.iso')).stderr).toContain('ROS_ISO_EXTENT')
    expect(existsSync(at('out.iso'))).toBe(false)
  })
})
