import { fromBytes, fromText } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { type ElfModuleOptions, elfModule } from './elf-module.ts'

export const release = '6.1.0-test'

/** Modules by path inside `lib/modules/RELEASE`. `fs` uses `journal` and `checksum`, `journal` uses `checksum`. */
export const sampleModules: Readonly<Record<string, ElfModuleOptions>> = {
  'kernel/lib/checksum.ko': {
    modinfo: ['name=checksum'],
    exports: ['crc_start', 'crc_end'],
    imports: ['printk'],
  },
  'kernel/fs/journal.ko': {
    modinfo: ['name=journal'],
    exports: ['journal_start'],
    imports: ['crc_start', 'printk'],
  },
  'kernel/fs/fs.ko': {
    modinfo: [
      'license=GPL',
      'alias=fs-sample',
      'softdep=pre: fast-hash post: late',
      'name=fs',
      'vermagic=6.1.0-test SMP',
    ],
    imports: ['printk', 'journal_start', 'crc_end', 'journal_start'],
  },
  'kernel/crypto/fast-hash-generic.ko': {
    modinfo: ['name=fast_hash_generic', 'alias=fast-hash', 'alias=hash:[a-c]*'],
  },
  'kernel/crypto/late.ko': { modinfo: ['alias=late'] },
  'kernel/drivers/net-card.ko': {
    modinfo: ['firmware=card.bin', 'alias=pci:v*d*', 'alias=char-major-10-99', 'alias=devname:net/card'],
  },
}

export function sampleTree(root = 'lib/modules'): Tree {
  const tree = new Tree()
    .addDirectories('boot')
    .addDirectories(`${root}/${release}`, { mtime: 1_700_000_000 })
  tree.add(`boot/vmlinuz-${release}`, file(fromText('kernel')))
  tree.add(`boot/config-${release}`, file(fromText('CONFIG_MODULES=y\n')))
  const add = (path: string, content: Uint8Array) => {
    const whole = `${root}/${release}/${path}`
    tree.addDirectories(whole.slice(0, whole.lastIndexOf('/'))).add(whole, file(fromBytes(content)))
  }
  for (const [path, options] of Object.entries(sampleModules)) add(path, elfModule(options))
  const text = (lines: string) => new TextEncoder().encode(lines)
  add(
    'modules.order',
    text('kernel/fs/fs.ko\nkernel/fs/journal.ko\nkernel/gone.ko\nkernel/lib/checksum.ko\n'),
  )
  add('modules.builtin', text('kernel/fs/ram-fs.ko\n'))
  add('modules.builtin.modinfo', text('ram_fs.license=GPL\0ram_fs.alias=fs-ram\0'))
  return tree
}
