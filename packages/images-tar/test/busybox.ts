import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, fromText } from '@ros/bytes'
import { file, symlink, Tree } from '@ros/tree'

/** A root file system of a static busybox, from Debian's package file. Nothing is installed. */
export function busyboxTree(): Tree {
  const tree = new Tree().addDirectories('bin').addDirectories('etc').addDirectories('proc')
  tree.add('bin/busybox', file(fromBytes(binary()), { mode: 0o755 }))
  for (const name of ['sh', 'cat', 'echo', 'id']) tree.add(`bin/${name}`, symlink('busybox'))
  return tree.add('etc/passwd', file(fromText('root:x:0:0::/:/bin/sh\nrancher:x:1100:1100::/:/bin/sh\n')))
}

let loaded: Uint8Array | undefined

function binary(): Uint8Array {
  loaded ??= unpack()
  return loaded
}

function unpack(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'ros-busybox-'))
  try {
    const options = { cwd: folder, stdio: 'pipe' as const, timeout: 60_000 }
    execFileSync('apt-get', ['download', '-q', 'busybox-static'], options)
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))
    if (!archive) throw new Error('apt-get download gave no file')
    execFileSync('dpkg-deb', ['-x', archive, 'root'], options)
    return readFileSync(join(folder, 'root/bin/busybox'))
  } catch (cause) {
    throw new Error(
      'the package file busybox-static cannot be had: this test needs apt-get and its package lists',
      { cause },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
