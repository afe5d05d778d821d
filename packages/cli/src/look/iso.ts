import type { ByteSource } from '@ros/bytes'
import { readIso } from '@ros/iso'
import { countNodes, type TreeContainer } from './container.ts'

export async function openIso(source: ByteSource): Promise<TreeContainer> {
  const { volume, hierarchies, tree, bootEntries } = await readIso(source)
  const { sectorCount: _, ...named } = volume
  return {
    type: 'tree',
    kind: 'iso',
    tree,
    facts: { volume, hierarchies, bootEntries, nodes: countNodes(tree) },
    compared: {
      ...Object.fromEntries(Object.entries(named).map(([name, value]) => [`volume.${name}`, value])),
      hierarchies,
      // Where things stand follows from what they are: a moved file is no difference of its own.
      bootEntries: bootEntries.map(({ lba: _lba, ...entry }) => entry),
    },
  }
}
