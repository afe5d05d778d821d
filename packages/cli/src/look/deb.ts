import type { ByteSource } from '@ros/bytes'
import { type DebMember, debMembers, memberChunks, readDeb, readTar } from '@ros/debian'
import { directory, Tree } from '@ros/tree'
import { countNodes, type TreeContainer } from './container.ts'
import type { Spool } from './spool.ts'

/** The files that the package installs, and its control files below `DEBIAN/`, as dpkg-deb --raw-extract has them. */
export async function openDeb(source: ByteSource, name: string, spool: Spool): Promise<TreeContainer> {
  const { control } = await readDeb(source, name)
  const members = await debMembers(source, name)
  const archive = async (member: DebMember, part: string) => {
    const tar = member.format ? await spool.store(memberChunks(member), name) : member.source
    return readTar(tar, `${name}, ${part} archive`)
  }
  const data = await archive(members.data, 'data')
  const tree = new Tree()
  tree.root = data.root
  tree.merge(data)
  tree.add('DEBIAN', directory()).merge(await archive(members.control, 'control'), 'DEBIAN')
  return {
    type: 'tree',
    kind: 'deb',
    tree,
    facts: {
      control: Object.fromEntries(control),
      compression: members.data.format ?? 'none',
      nodes: countNodes(data),
    },
    compared: {},
  }
}
