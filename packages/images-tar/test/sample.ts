import { fromText } from '@ros/bytes'
import { device, directory, file, symlink, Tree } from '@ros/tree'

/** `cap_setuid,cap_net_raw+ep` as a file system stores it: has bytes above 0x7f, which are not UTF-8. */
export const capability = Uint8Array.from([
  0x01, 0, 0, 0x02, 0x80, 0x20, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
])

/** A small tree with every kind of node that a layer holds, and every reason for a pax record. */
export function sampleTree(): Tree {
  const hello = file(fromText('hello\n'), { mode: 0o755, mtime: 1_000_000_000 })
  const tree = new Tree()
  tree.addDirectories('bin').add('bin/hello', hello).add('bin/hallo', hello).add('bin/sh', symlink('hello'))
  tree.add('dev', directory({ mode: 0o700 })).add('dev/null', device('character', 1, 3, { mode: 0o666 }))
  tree.add('dev/sda', device('block', 8, 0, { gid: 6 }))
  tree.add('dev/initctl', { type: 'fifo', mode: 0o600, uid: 0, gid: 0, mtime: 0 })
  tree.add('shadow', file(fromText('x'), { mode: 0, uid: 300_000, gid: 4_294_967_295 }))
  tree.add('Főtanúsítvány.crt', file(fromText('utf-8'), { mtime: 4_294_967_296 }))
  tree.add(
    'ping',
    file(fromText('p'), { mode: 0o4755, xattrs: new Map([['security.capability', capability]]) }),
  )
  tree.add(`long-${'n'.repeat(200)}`, symlink(`${'t'.repeat(150)}`, { mtime: -1 }))
  return tree
}
