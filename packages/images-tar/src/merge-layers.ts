import { baseName, parentPath, Tree } from '@ros/tree'

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** Layers one over the other, whiteouts carried out (OCI image-spec, layer.md §Whiteouts). */
export async function mergeLayers(layers: readonly Tree[]): Promise<Tree> {
  const merged = new Tree()
  for (const layer of layers) {
    merged.root = layer.root
    // What a whiteout hides is what stands below it: it is taken away before the layer's own files are put there.
    for (const { path } of layer) {
      const parent = parentPath(path)
      const name = baseName(path)
      if (name === OPAQUE) {
        for (const child of merged.children(parent)) merged.remove(join(parent, child))
      } else if (name.startsWith(WHITEOUT) && !name.startsWith('.wh..wh.')) {
        merged.remove(join(parent, name.slice(WHITEOUT.length)))
      }
    }
    merged.merge(layer.filter(({ path }) => !baseName(path).startsWith(WHITEOUT)))
  }
  return merged
}

function join(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}
