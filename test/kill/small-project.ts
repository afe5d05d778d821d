// A project whose whole build takes seconds: Debian's busybox as engine and base, a kernel that is none, real boot loaders.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { random } from '../fuzz/random.ts'
import { runKit } from '../kit.ts'

const RECIPE = `
name: small
version: v0.0.1
arch: amd64
kernel: { file: kernel }
engine: { debian: [busybox-static], programs: [busybox] }
images:
  base: { debian: [busybox-static] }
  services: { console: {}, state: {} }
loader:
  # Of syslinux only what it writes into boot sectors is taken.
  debian: [isolinux, syslinux, syslinux-common]
  without: [libc6, mtools]
uefi:
  debian: [shim-signed, grub-efi-amd64-signed, shim-helpers-amd64-signed]
  without: [debconf, mokutil, shim-signed-common, shim-unsigned, grub-efi-amd64-bin, grub2-common, grub-common]
initrd: { compression: gzip, level: 6 }
iso: { volumeId: SMALL, publisher: test, append: quiet }
`

export interface SmallProject {
  readonly folder: string
  readonly cache: string
  readonly env: NodeJS.ProcessEnv
}

/** Writes it into a folder, with a lock, and a cache of its own that has every input. */
export async function smallProject(folder: string): Promise<SmallProject> {
  const cache = join(folder, 'cache')
  const env = { ROS_KIT_CACHE: cache }
  const noise = random(1)
  const modules = join(folder, 'kernel/lib/modules/1.2.3/kernel')
  mkdirSync(join(folder, 'kernel/boot'), { recursive: true })
  mkdirSync(modules, { recursive: true })
  writeFileSync(join(folder, 'kernel/boot/vmlinuz-1.2.3'), noise.bytes(3_000_000))
  writeFileSync(join(folder, 'rancheros.yml'), RECIPE)
  // With the user's cache the packages are downloaded once for all runs, and carried over.
  for (const [args, more] of [
    [['lock'], {}],
    [['cache', 'export', 'inputs.tar'], {}],
    [['cache', 'import', 'inputs.tar'], env],
  ] as const) {
    const { code, stderr } = await runKit([...args], { cwd: folder, env: more })
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  }
  return { folder, cache, env }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
