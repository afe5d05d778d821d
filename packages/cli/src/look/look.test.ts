import { execFileSync, spawn } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromText, readAll } from '@ros/bytes'
import { replaceFile } from '@ros/bytes/node'
import { composeImage, treeLayer, writeDockerSave } from '@ros/images-tar'
import { file, Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catCommand } from '../commands/cat.ts'
import { diffCommand } from '../commands/diff.ts'
import { extractCommand } from '../commands/extract.ts'
import { inspectCommand } from '../commands/inspect.ts'
import { lsCommand } from '../commands/ls.ts'
import { Spool } from './spool.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-look-'))
const at = (name: string) => join(folder, name)
const idle = new AbortController().signal
const spool = new Spool(256 * 1024 ** 2, idle)
const main = fileURLToPath(new URL('../main.ts', import.meta.url))

function run(tool: string, ...args: string[]): string {
  try {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
    return execFileSync(tool, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error(`${tool} is missing: these tests need it installed`, { cause: error })
  }
}
const shell = (script: string) => run('sh', '-ec', script)

async function images(name: string, motd: string): Promise<void> {
  const base = composeImage({
    repoTags: ['rancher/os-base:v1'],
    layers: [
      await treeLayer(
        new Tree()
          .addDirectories('etc/ssh')
          .add('etc/motd', file(fromText('old')))
          .add('etc/gone', file(fromText('x')))
          .add('etc/ssh/sshd_config', file(fromText('Port 22\n'))),
      ),
    ],
    created: 0,
  })
  const top = new Tree()
    .addDirectories('etc')
    .add('etc/motd', file(fromText(motd)))
    .add('etc/.wh.gone', file(fromText('')))
  const console = composeImage({
    repoTags: ['rancher/os-console:v0.1.0'],
    layers: [await treeLayer(top)],
    base,
    created: 0,
  })
  await replaceFile(at(name), writeDockerSave([base, console]))
}

beforeAll(async () => {
  await images('images.tar', 'hello\n')
  await images('images-2.tar', 'goodbye\n')
  shell(`
    mkdir -p root/usr/lib root/etc pkg/DEBIAN pkg/usr/bin iso/boot
    ln -s usr/lib root/lib; ln -s /etc/passwd root/usr/lib/link; ln -s loop root/loop; ln -s ../../../../etc root/usr/out
    printf 'so' > root/usr/lib/x.so; printf 'root:x:0:0' > root/etc/passwd; ln root/etc/passwd root/etc/passwd-
    printf 'a:b' > 'root/etc/with:colon'
    cp images.tar root/usr/images.tar
    (cd root && find . | LC_ALL=C sort | cpio --quiet -o -H newc) > main.cpio
    mkdir -p early/kernel && echo ucode > early/kernel/ucode && (cd early && find . | cpio --quiet -o -H newc) > early.cpio
    zstd -q main.cpio -o main.zst; gzip -nk main.cpio; xz -k --check=crc32 main.cpio
    cat early.cpio main.zst > iso/boot/initrd
    xorriso -as mkisofs -quiet -J -R -V LOOK -o x.iso iso 2>/dev/null
    genisoimage -quiet -J -R -V LOOK -o g.iso iso 2>/dev/null
    printf 'Package: look\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b.c>\\nDescription: d\\n' > pkg/DEBIAN/control
    printf 'tool' > pkg/usr/bin/tool
    dpkg-deb --root-owner-group -Zxz -b pkg look.deb
    echo first > twice; tar -cf twice.tar twice; echo second > twice; tar -rf twice.tar twice
    tar -C root -cf plain.tar .; tar -C root -czf plain.tar.gz .
    printf 'some text' > text; gzip -nk text; xz -k text; zstd -q text
    printf 'not a container' > 'odd:name'
  `)
}, 60_000)
afterAll(async () => {
  await spool.close()
  rmSync(folder, { recursive: true, force: true })
})

const text = async (target: string) =>
  Buffer.from(await readAll(await catCommand(target, spool), 10_000_000)).toString()
const names = async (target: string, recursive = false) =>
  (await lsCommand(target, recursive, spool)).entries?.map(({ path }) => path)
const differences = async (a: string, b: string) => {
  const all = []
  for await (const { path, difference, field } of diffCommand(a, b, spool))
    all.push([path, field ?? difference])
  return all
}

describe('cat goes through', () => {
  test.each([
    ['x.iso:/boot/initrd:/etc/passwd', 'root:x:0:0'],
    ['g.iso:/boot/initrd:etc/passwd-', 'root:x:0:0'],
    ['x.iso:/boot/initrd:/kernel/ucode', 'ucode\n'],
    ['x.iso:/boot/initrd:/lib/x.so', 'so'],
    ['x.iso:/boot/initrd:/lib/link', 'root:x:0:0'],
    ['x.iso:/boot/initrd:/usr/out/passwd', 'root:x:0:0'],
    ['x.iso:/boot/initrd:/usr/images.tar:rancher/os-console:v0.1.0:/etc/motd', 'hello\n'],
    ['main.cpio.gz:/etc/with:colon', 'a:b'],
    ['main.cpio.xz:/etc/passwd', 'root:x:0:0'],
    ['images.tar:rancher/os-console:v0.1.0:/etc/ssh/sshd_config', 'Port 22\n'],
    ['images.tar:rancher/os-base:/etc/motd', 'old'],
    ['look.deb:/usr/bin/tool', 'tool'],
    ['plain.tar:/lib/x.so', 'so'],
    ['plain.tar.gz:lib/x.so', 'so'],
    ['twice.tar:twice', 'second\n'],
    ['text.gz', 'some text'],
    ['text.xz', 'some text'],
    ['text.zst:', 'some text'],
    ['text', 'some text'],
    ['odd:name', 'not a container'],
  ])('%s', async (target, expected) => {
    expect(await text(at(target))).toBe(expected)
  })

  test('to the members of a docker-save archive itself', async () => {
    expect(JSON.parse(await text(at('images.tar:/manifest.json')))).toHaveLength(2)
    expect(await text(at('look.deb:DEBIAN/control'))).toMatch(/^Package: look/)
  })
})

describe('is refused', () => {
  test.each([
    ['x.iso', 'ROS_CLI_KIND'],
    ['x.iso:/boot', 'ROS_CLI_KIND'],
    ['x.iso:/boot/nothing', 'ROS_CLI_PATH'],
    ['x.iso:/boot/initrd:/nothing', 'ROS_CLI_PATH'],
    ['x.iso:/boot/initrd:/loop', 'ROS_CLI_PATH'],
    ['images.tar:rancher/os-console:v9:/etc/motd', 'ROS_CLI_PATH'],
    ['images.tar:rancher/os-console:v0.1.0:/etc/gone', 'ROS_CLI_PATH'],
    ['text:/inside', 'ROS_CLI_KIND'],
    ['text.gz:/inside', 'ROS_CLI_KIND'],
    ['absent.iso:/x', 'ROS_CLI_FILE'],
  ])('%s with %s', async (target, code) => {
    await expect(catCommand(at(target), spool)).rejects.toMatchObject({ code })
  })

  test('more than the limit, and nothing is left behind', async () => {
    writeFileSync(at('zeros'), Buffer.alloc(20_000_000))
    shell('gzip -n1 zeros')
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('rancheros-kit-'))
    const small = new Spool(15_000_000, idle)
    await expect(catCommand(at('zeros.gz'), small)).rejects.toMatchObject({ code: 'ROS_CLI_LIMIT' })
    await small.close()
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('rancheros-kit-'))).toEqual(before)
    const large = new Spool(25_000_000, idle)
    expect((await catCommand(at('zeros.gz'), large)).size).toBe(20_000_000)
    await large.close()
  })
})

describe('ls', () => {
  test('lists one directory, or all below', async () => {
    expect(await names(at('x.iso'))).toEqual(['boot'])
    expect(await names(at('x.iso'), true)).toEqual(['boot', 'boot/initrd'])
    expect(await names(at('x.iso:/boot/initrd'))).toEqual(['etc', 'kernel', 'lib', 'loop', 'usr'])
    expect(await names(at('x.iso:/boot/initrd:/lib'))).toEqual(['link', 'x.so'])
    expect(await names(at('look.deb'), true)).toEqual([
      'DEBIAN',
      'DEBIAN/control',
      'usr',
      'usr/bin',
      'usr/bin/tool',
    ])
    expect(await names(at('images.tar:rancher/os-console:v0.1.0:/etc'))).toEqual(['motd', 'ssh'])
    expect(await names(at('images.tar:/'))).toContain('manifest.json')
  })

  test('tells hard links, types and sizes', async () => {
    const { entries } = await lsCommand(at('plain.tar'), true, spool)
    const entry = (path: string) => entries?.find((each) => each.path === path)
    expect(entry('lib')).toMatchObject({ type: 'symlink', target: 'usr/lib' })
    expect(entry('etc/passwd')).toMatchObject({ type: 'file', size: 10 })
    expect(entry('etc/passwd-')?.link ?? entry('etc/passwd')?.link).toMatch(/passwd/)
  })

  test('lists the images of an archive', async () => {
    const { images: listed } = await lsCommand(at('images.tar'), false, spool)
    expect(listed?.map(({ tags }) => tags)).toEqual([['rancher/os-base:v1'], ['rancher/os-console:v0.1.0']])
  })
})

describe('inspect', () => {
  test.each([
    ['x.iso', { kind: 'iso', volume: { volumeId: 'LOOK' }, hierarchies: ['rock-ridge', 'joliet', 'plain'] }],
    ['x.iso:/boot/initrd', { kind: 'initrd', segments: [{ compression: 'none' }, { compression: 'zstd' }] }],
    ['look.deb', { kind: 'deb', control: { package: 'look', version: '1' }, compression: 'xz' }],
    ['plain.tar.gz', { kind: 'tar', compression: 'gzip' }],
    ['images.tar', { kind: 'docker-save', images: [{ tags: ['rancher/os-base:v1'] }, {}] }],
    ['images.tar:rancher/os-base', { kind: 'image', os: 'linux' }],
    ['text.gz', { kind: 'gzip', contentSize: 9 }],
    ['text', { kind: 'file', size: 9 }],
    ['plain.tar:/etc/passwd', { kind: 'file', path: '/etc/passwd', size: 10 }],
  ])('%s', async (target, expected) => {
    expect(await inspectCommand(at(target), spool)).toMatchObject(expected)
  })
})

describe('diff', () => {
  test('of equal files is silent, of different containers with equal trees tells the encoding', async () => {
    expect(await differences(at('x.iso'), at('x.iso'))).toEqual([])
    expect(await differences(at('main.cpio'), at('main.cpio.gz'))).toEqual([['', 'encoding']])
    expect(await differences(at('text.gz'), at('text.xz'))).toEqual([['', 'encoding']])
  })

  test('tells damage', async () => {
    const bytes = readFileSync(at('main.zst'))
    bytes.fill(0x55, Math.floor(bytes.length / 2))
    writeFileSync(at('damaged.zst'), bytes)
    for await (const difference of diffCommand(at('main.zst'), at('damaged.zst'), spool))
      expect(difference).toMatchObject({
        path: '',
        difference: 'content',
        a: 'initrd',
        b: expect.stringContaining('zstd') as string,
      })
    expect(await differences(at('main.zst'), at('damaged.zst'))).toHaveLength(1)
  })

  test('descends from the ISO to a file of an image', async () => {
    shell(`
      mkdir -p iso2/boot && cp -a root root2 && cp images-2.tar root2/usr/images.tar && touch -r root/usr/images.tar root2/usr/images.tar
      chmod 600 root2/etc/passwd; rm root2/usr/lib/x.so; touch -r root/usr/lib root2/usr/lib; ln -sfn usr root2/lib
      touch -h -r root/lib root2/lib; touch -r root root2; printf longer > 'root2/etc/with:colon'
      touch -r 'root/etc/with:colon' 'root2/etc/with:colon'; touch -r root/etc root2/etc; touch -r root/usr root2/usr
      (cd root2 && find . | LC_ALL=C sort | cpio --quiet -o -H newc | zstd -q) > main2.zst
      cat early.cpio main2.zst > iso2/boot/initrd
      touch -r iso/boot/initrd iso2/boot/initrd; touch -r iso/boot iso2/boot; touch -r iso iso2
      xorriso -as mkisofs -quiet -J -R -V OTHER -o y.iso iso2 2>/dev/null
    `)
    const initrd = ':/boot/initrd'
    const found = await differences(at('x.iso'), at('y.iso'))
    expect(found.filter(([, what]) => !/^volume\.(created|modified)|mtime/.test(what ?? ''))).toEqual([
      ['', 'volume.jolietVolumeId'],
      ['', 'volume.volumeId'],
      [`${initrd}:/etc/passwd`, 'mode'],
      [`${initrd}:/etc/passwd-`, 'mode'],
      [`${initrd}:/etc/with:colon`, 'size'],
      [`${initrd}:/lib`, 'target'],
      [`${initrd}:/usr/images.tar:rancher/os-console:v0.1.0:/etc/motd`, 'size'],
      [`${initrd}:/usr/lib/x.so`, 'only-a'],
    ])
  })

  test('of two images of one archive', async () => {
    const a = at('images.tar:rancher/os-base')
    const found = await differences(a, at('images.tar:rancher/os-console'))
    expect(found).toContainEqual([':/etc/gone', 'only-a'])
    expect(found).toContainEqual([':/etc/motd', 'size'])
  })
})

describe('extract', () => {
  const target = (name: string) => {
    mkdirSync(at(name))
    return at(name)
  }

  test('writes a tree as GNU cpio does', async () => {
    const into = at('out')
    const { written, skipped } = await extractCommand(at('x.iso:/boot/initrd:'), into, spool)
    expect(skipped).toEqual([])
    expect(written).toContain('etc/passwd')
    shell('mkdir cpio-out && cd cpio-out && cpio --quiet -idm < ../main.cpio')
    rmSync(join(into, 'kernel'), { recursive: true })
    expect(run('diff', '-r', '--no-dereference', 'cpio-out', 'out')).toBe('')
    const { ino, mode, mtimeMs } = lstatSync(join(into, 'etc/passwd'))
    expect(lstatSync(join(into, 'etc/passwd-')).ino).toBe(ino)
    expect([mode % 0o1000, Math.floor(mtimeMs / 1000)]).toEqual([
      0o644,
      Math.floor(lstatSync(at('root/etc/passwd')).mtimeMs / 1000),
    ])
  })

  test('writes one file, a link, and a decompressed file under their own names', async () => {
    const into = target('single')
    await extractCommand(at('x.iso:/boot/initrd'), into, spool)
    expect(readFileSync(join(into, 'initrd'))).toEqual(readFileSync(at('iso/boot/initrd')))
    await extractCommand(at('plain.tar:/lib'), into, spool)
    expect(readlinkSync(join(into, 'lib'))).toBe('usr/lib')
    await extractCommand(at('text.gz'), into, spool)
    expect(readFileSync(join(into, 'text'), 'utf8')).toBe('some text')
  })
})

// Each starts the program several times, which takes seconds where many others run.
describe('the command', { timeout: 300_000 }, () => {
  const kit = (...args: string[]) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, ['--conditions=@ros/source', main, ...args], { cwd: folder })
      let [stdout, stderr] = ['', '']
      child.stdout.on('data', (chunk: Buffer) => void (stdout += chunk.toString()))
      child.stderr.on('data', (chunk: Buffer) => void (stderr += chunk.toString()))
      child.on('close', (code) => resolve({ code, stdout, stderr }))
    })

  test('exits with 0, 1 and 2, prints text and JSON', async () => {
    expect(await kit('diff', 'x.iso', 'x.iso')).toMatchObject({ code: 0, stdout: '' })
    const differing = await kit('diff', '--json', 'main.cpio', 'main.zst')
    expect(differing.code).toBe(1)
    expect(JSON.parse(differing.stdout)).toMatchObject({
      equal: false,
      differences: [{ difference: 'encoding' }],
    })
    expect(await kit('cat', 'text:/x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ROS_CLI_KIND') as string,
    })
    expect(await kit('ls', '--colour', 'x.iso')).toMatchObject({ code: 2 })
    const long = await kit('ls', '-l', 'plain.tar')
    expect(long.stdout).toMatch(/^lrwxrwxrwx \d+\/\d+ +0 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d lib -> usr\/lib$/m)
    expect(JSON.parse((await kit('cat', '--json', 'text.gz')).stdout)).toMatchObject({ content: 'some text' })
    expect((await kit('inspect', 'look.deb')).stdout).toMatch(/^kind: deb$/m)
    expect((await kit('inspect', '--sectors', 'x.iso')).stdout).toMatch(
      /^ *\d+ … +\d+ +\d+ bytes {2}file \/boot\/initrd$/m,
    )
    expect(JSON.parse((await kit('inspect', '--sectors', '--json', 'g.iso')).stdout)).toMatchObject({
      sectors: expect.arrayContaining([
        { owner: 'primary volume descriptor', lba: 16, sectorCount: 1, size: 2048 },
      ]) as unknown,
    })
  })

  test('reads what is left of a damaged ISO when it is told to, and warns', async () => {
    const bytes = readFileSync(at('x.iso'))
    writeFileSync(at('cut.iso'), bytes.subarray(0, bytes.indexOf('070701') + 1000))
    expect(await kit('ls', '-R', 'cut.iso')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ROS_ISO_EXTENT') as string,
    })
    expect(await kit('ls', '-R', '--lenient', 'cut.iso')).toMatchObject({
      code: 0,
      stdout: 'boot\nboot/initrd\n',
      stderr: expect.stringMatching(/^warning: boot\/initrd: extent lies outside the image/) as string,
    })
  })

  test('lints by what the bytes are, and exits with 1 on errors', async () => {
    for (const [name, kind] of [
      ['x.iso', 'iso'],
      ['g.iso', 'iso'],
      ['x.iso:/boot/initrd', 'initrd'],
      ['images.tar', 'docker-save'],
    ]) {
      expect(await kit('lint', String(name))).toMatchObject({
        code: 0,
        stdout: `${name}: ${kind}, 0 errors, 0 warnings\n`,
      })
    }
    shell(
      'mkdir -p bad/d && touch bad/d/f && (cd bad && find . -depth | cpio --quiet -o -H newc > ../bad.cpio)',
    )
    const bad = await kit('lint', '--json', 'bad.cpio')
    expect(bad.code).toBe(1)
    expect(JSON.parse(bad.stdout)).toMatchObject({
      kind: 'initrd',
      errors: 1,
      findings: [{ rule: 'newc/parent', subject: 'd/f' }],
    })
    const line =
      'error newc/parent at byte 0: d/f: the kernel leaves it out: its directory is not there (Linux, init/initramfs.c)'
    expect((await kit('lint', 'bad.cpio')).stdout).toBe(`${line}\nbad.cpio: initrd, 1 errors, 0 warnings\n`)
    expect(await kit('lint', 'text')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ROS_CLI_KIND') as string,
    })
  })

  test('removes what it has spooled when it is interrupted', async () => {
    shell(
      'head -c 60000000 /dev/zero | gzip -1 > slow.gz; cat slow.gz slow.gz slow.gz slow.gz slow.gz slow.gz > slower.gz',
    )
    mkdirSync(at('tmp'))
    const env = { ...process.env, TMPDIR: at('tmp') }
    const child = spawn(process.execPath, ['--conditions=@ros/source', main, 'cat', 'slower.gz'], {
      cwd: folder,
      env,
    })
    while (readdirSync(at('tmp')).length === 0 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(130)
    expect(readdirSync(at('tmp'))).toEqual([])
  })
})
