import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { collect, fromBytes, fromText } from '@ros/bytes'
import { gzip } from '@ros/compress'
import {
  composeImage,
  tarLayer,
  treeLayer,
  writeDockerSave,
  writeOciLayout,
  writeTreeTar,
} from '@ros/images-tar'
import { writeInitrd, writeSegments } from '@ros/initrd'
import { layoutIso, writeIso } from '@ros/iso'
import { file, symlink, Tree } from '@ros/tree'
import { elfModule } from '../../packages/kernel-fetch/test/elf-module.ts'
import { type Seed, seed } from './mutate.ts'

export interface Seeds {
  readonly initrd: readonly Seed[]
  readonly iso: readonly Seed[]
  readonly disk: readonly Seed[]
  readonly dockerSave: readonly Seed[]
  readonly ociLayout: readonly Seed[]
  readonly deb: readonly Seed[]
  readonly tar: readonly Seed[]
  readonly module: readonly Seed[]
  readonly compressed: readonly Seed[]
}

const MODULE = {
  modinfo: ['alias=pci:v0*', 'depends=a,b', 'softdep=pre: c', 'firmware=f.bin', 'vermagic=6 SMP', 'name=m'],
  imports: ['printk', 'other'],
  exports: ['mine'],
}

const LIMIT = 64 * 1024 ** 2

const keep = async (chunks: AsyncIterable<Uint8Array>) => fromBytes(await collect(chunks, LIMIT))

function sampleTree(): Tree {
  const shared = file(fromText('shared content'))
  return new Tree()
    .addDirectories('usr/lib/deep/er')
    .add('boot.img', file(fromBytes(new Uint8Array(3000).fill(7))))
    .add('usr/lib/a', shared)
    .add('usr/lib/b', shared)
    .add('lib', symlink('usr/lib'))
    .add('a name that is rather long, so that it is cut somewhere.tar.gz', file(fromText('x')))
    .add('fifo', { type: 'fifo', mode: 0o644, uid: 1, gid: 2, mtime: 3 })
    .add('null', { type: 'character', major: 1, minor: 3, mode: 0o666, uid: 0, gid: 0, mtime: 0 })
    .add('long', symlink('component/'.repeat(30)))
}

/** Small valid files, of our writers and of other tools, which have to be installed. */
export async function makeSeeds(): Promise<Seeds> {
  const folder = mkdtempSync(join(tmpdir(), 'ros-fuzz-'))
  const shell = (script: string) => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
    execFileSync('sh', ['-ec', script], {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 60_000,
    })
  }
  const made = (name: string) => seed(name, readFileSync(join(folder, name)))
  try {
    shell(`
      for tool in mkfs.ext4 mkfs.vfat mcopy sgdisk qemu-img cpio bsdcpio xorriso genisoimage dpkg-deb tar zstd xz lzma lz4 gzip; do
        command -v $tool > /dev/null || { echo "$tool is missing: fuzzing needs it installed" >&2; exit 1; }
      done
      mkdir -p t/d/e/f p/DEBIAN p/usr/bin; echo a > t/a; ln t/a t/d/b; ln -s d/e t/l; ln -s ../../.. t/d/up; mkfifo t/d/p; echo text > t/d/e/f/Some.Long.Name
      (cd t && find . | cpio --quiet -o -H newc > ../gnu.cpio; find . | cpio --quiet -o -H crc > ../crc.cpio; find . | bsdcpio --quiet -o -H newc > ../bsd.cpio)
      gzip -nk gnu.cpio; zstd -q gnu.cpio; xz -k --check=crc32 gnu.cpio; lzma -k bsd.cpio; lz4 -ql bsd.cpio bsd.cpio.lz4; cat gnu.cpio gnu.cpio.zst > two.img
      head -c 3000 /dev/urandom > t/boot.img
      xorriso -as mkisofs -quiet -no-pad -J -R -b boot.img -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table -o x.iso t 2> /dev/null
      mkdir -p t/1/2/3/4/5/6/7/8/9; genisoimage -quiet -no-pad -J -R -b boot.img -c boot.cat -no-emul-boot -boot-info-table -o g.iso t
      mkfs.ext4 -q -b 1024 -O ^has_journal -d t ext4.img 600k; mkfs.ext2 -q -b 1024 -I 128 -d t ext2.img 400k; mkfs.vfat -C --invariant fat.img 64 > /dev/null; mcopy -i fat.img t/a t/d/e/f/Some.Long.Name ::
      truncate -s 256k gpt.img; sgdisk -a 1 -n 1:64:127 -n 2:128:255 gpt.img > /dev/null; qemu-img convert -f raw -O qcow2 -o cluster_size=512 -c fat.img q.qcow2
      printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b.c>\\nDescription: d\\n' > p/DEBIAN/control; echo tool > p/usr/bin/tool
      dpkg-deb --root-owner-group -Zxz -b p xz.deb > /dev/null; dpkg-deb --root-owner-group -Znone -b p none.deb > /dev/null; dpkg-deb --root-owner-group -Zgzip -b p gz.deb > /dev/null
      tar -C t -cf gnu.tar .; tar -C t --format=pax -cf pax.tar .; tar -C t --format=v7 --exclude=p -cf v7.tar .
    `)
    const tree = sampleTree()
    const microcode = new Tree().addDirectories('kernel/x86').add('kernel/x86/u', file(fromText('u')))
    const segments = [
      { name: 'early', tree: microcode, compression: 'none' },
      { name: 'a', tree, compression: 'gzip' },
      { name: 'b', tree: new Tree().add('z', file(fromText('z'))), compression: 'zstd' },
    ] as const
    const iso = layoutIso(tree, {
      volumeId: 'FUZZ',
      created: 0,
      boot: { bios: { image: 'boot.img', catalog: 'boot.cat' } },
    })
    const tar = await collect(writeTreeTar(tree), LIMIT)
    const base = composeImage({ repoTags: ['a:1'], layers: [await treeLayer(tree)], created: 0 })
    const top = composeImage({
      repoTags: ['b:1', 'c/d:2'],
      layers: [await tarLayer(fromBytes(tar))],
      base,
      created: 0,
    })
    return {
      initrd: [
        ...[
          'gnu.cpio',
          'crc.cpio',
          'bsd.cpio',
          'gnu.cpio.gz',
          'gnu.cpio.zst',
          'gnu.cpio.xz',
          'bsd.cpio.lzma',
          'bsd.cpio.lz4',
          'two.img',
        ].map(made),
        seed('ours.cpio', await collect(writeInitrd(tree), LIMIT)),
        seed('segments', await collect(writeSegments(segments), LIMIT)),
      ],
      iso: [made('x.iso'), made('g.iso'), seed('ours.iso', await collect(writeIso(iso), LIMIT))],
      disk: ['ext4.img', 'ext2.img', 'fat.img', 'gpt.img', 'q.qcow2'].map(made),
      dockerSave: [seed('images.tar', await collect(writeDockerSave([base, top]), LIMIT))],
      ociLayout: [
        seed('layout.tar', await collect(writeOciLayout([base, top], { compression: 'gzip', keep }), LIMIT)),
      ],
      deb: ['xz.deb', 'none.deb', 'gz.deb'].map(made),
      tar: [...['gnu.tar', 'pax.tar', 'v7.tar'].map(made), seed('ours.tar', tar)],
      module: ([4, 8] as const).flatMap((wordSize) =>
        [true, false].map((littleEndian) =>
          seed(
            `module of ${wordSize}-byte words, little-endian ${littleEndian}`,
            elfModule({ ...MODULE, wordSize, littleEndian }),
          ),
        ),
      ),
      compressed: [
        ...['gnu.cpio.gz', 'gnu.cpio.zst', 'gnu.cpio.xz', 'bsd.cpio.lzma', 'bsd.cpio.lz4'].map(made),
        seed('ours.gz', await collect(gzip(fromBytes(tar).open(), { level: 6 }), LIMIT)),
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
