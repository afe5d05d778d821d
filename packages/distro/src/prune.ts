import { Tree } from '@ros/tree'

/** What no image of ours carries: documentation, translations, and what only a full Debian uses. */
const EVERYWHERE = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'usr/share/bug',
  'usr/share/doc-base',
  'usr/share/bash-completion',
  'usr/share/zsh',
  'usr/share/fish',
  'usr/share/menu',
  'usr/share/initramfs-tools',
  'usr/share/polkit-1',
  'usr/share/pam-configs',
  'usr/share/docker.io',
  'usr/share/i18n',
  ...['x86_64-linux-gnu', 'aarch64-linux-gnu'].flatMap((triplet) => [
    `usr/lib/${triplet}/gconv`,
    `usr/lib/${triplet}/perl-base`,
  ]),
  'usr/lib/udev/hwdb.d',
  'usr/lib/systemd/system',
  'usr/lib/systemd/user',
  'usr/lib/sysusers.d',
  'usr/lib/tmpfiles.d',
  'etc/init.d',
  'etc/default',
  'etc/cron.d',
  'etc/cron.daily',
  'etc/cron.weekly',
  'etc/cron.monthly',
  'etc/logrotate.d',
  'etc/init',
  'etc/apparmor.d',
  'etc/kernel',
  'etc/needrestart',
]

/** The tree without what stands below `paths`, and without directories that this leaves empty. */
export function prune(tree: Tree, paths: readonly string[] = EVERYWHERE): Tree {
  const gone = new Set(paths)
  const kept = tree.filter(({ path }) => !gone.has(path))
  return withoutEmptied(tree, kept)
}

/** Takes out directories that are empty now and were not before. */
function withoutEmptied(before: Tree, after: Tree): Tree {
  const wasParent = parents(before)
  let result = after
  for (;;) {
    const isParent = parents(result)
    const next = result.filter(
      ({ path, node }) => node.type !== 'directory' || isParent.has(path) || !wasParent.has(path),
    )
    if (next.size === result.size) return result
    result = next
  }
}

function parents(tree: Tree): Set<string> {
  const found = new Set<string>()
  for (const { path } of tree) {
    const slash = path.lastIndexOf('/')
    if (slash > 0) found.add(path.slice(0, slash))
  }
  return found
}

/** The tree with only those files below `directory` that `names` lists. Directories and other places stay. */
export function keepOnly(tree: Tree, directory: string, names: readonly string[]): Tree {
  const wanted = new Set(names)
  const prefix = `${directory}/`
  return tree.filter(({ path, node }) => {
    if (!path.startsWith(prefix) || node.type === 'directory') return true
    return wanted.has(path.slice(prefix.length))
  })
}
