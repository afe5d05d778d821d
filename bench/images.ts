import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSource, replaceFile } from '@ros/bytes/node'
import {
  composeImage,
  imageId,
  readDockerSave,
  tarLayer,
  writeDockerSave,
  writeTreeTar,
} from '@ros/images-tar'
import { file, Tree } from '@ros/tree'
import { compile } from './compile.ts'
import { type BenchRow, benchRow, takeTurns, timeProcess } from './row.ts'

const ROUNDS = 5
const NAME = 'bench:v1'
/** Programs are what images are made of; a layer each, of those that the tests' packages bring. */
const LAYERS = [
  [process.execPath],
  ['/usr/sbin/dockerd', '/usr/bin/dockerd', '/usr/bin/docker'],
  ['/usr/bin/containerd', '/usr/bin/skopeo', '/usr/bin/qemu-system-x86_64'],
]

/** Copies one image of three layers into a docker-save archive in memory (/dev/shm where there is one), page cache warm, whole processes. */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'bench-images-'))
  const [archive, layout, output] = ['images.tar', 'layout', 'output.tar'].map((name) => join(folder, name))
  try {
    const compiled = await compile(new URL('./images-copy.ts', import.meta.url), folder)
    const { id, size } = await makeImage(folder, archive ?? '')
    execFileSync('skopeo', ['copy', '-q', `docker-archive:${archive}`, `oci:${layout}:v1`])
    const ours = (from = '') => [compiled, from, output ?? '']
    const skopeo = (from: string) => ['copy', '-q', from, `docker-archive:${output}:${NAME}`]
    const resident = async (from = '') => {
      const kib = Number(execFileSync(process.execPath, ours(from)).toString())
      await checkImage(output ?? '', from === archive ? id : undefined)
      return kib / 1024
    }
    const memory = { archive: await resident(archive), layout: await resident(layout) }
    const times = await takeTurns(
      ROUNDS,
      {
        oursLayout: () => timeProcess(process.execPath, ours(layout)),
        skopeoLayout: () => timeProcess('skopeo', skopeo(`oci:${layout}:v1`)),
        oursArchive: () => timeProcess(process.execPath, ours(archive)),
        skopeoArchive: () => timeProcess('skopeo', skopeo(`docker-archive:${archive}`)),
      },
      () => rm(output ?? '', { force: true }),
    )
    const image = `image of ${Math.round(size / 1e6)} MB`
    return [
      benchRow(`OCI layout to docker-save, ${image}`, 'skopeo', times.oursLayout, times.skopeoLayout, 0.8),
      benchRow(`docker-save to docker-save, ${image}`, 'skopeo', times.oursArchive, times.skopeoArchive, 0.6),
      benchRow('OCI layout to docker-save, resident', '100 MiB', memory.layout, 100, 1),
      benchRow('docker-save to docker-save, resident', '100 MiB', memory.archive, 100, 1),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function makeImage(folder: string, archive: string): Promise<{ id: string; size: number }> {
  const layers = []
  for (const [number, paths] of LAYERS.entries()) {
    const tree = new Tree()
    for (const [i, path] of paths.filter((each) => existsSync(each)).entries())
      tree.add(`program-${i}`, file(fileSource(path), { mode: 0o755 }))
    const tar = join(folder, `layer-${number}.tar`)
    await replaceFile(tar, writeTreeTar(tree))
    layers.push(await tarLayer(fileSource(tar)))
  }
  const image = composeImage({ repoTags: [NAME], layers, created: 0 })
  const size = await replaceFile(archive, writeDockerSave([image], { reuseBuffers: true }))
  return { id: imageId(image), size }
}

/** A fast archive that is wrong would be worth nothing. skopeo writes a configuration of its own for OCI. */
async function checkImage(path: string, id: string | undefined): Promise<void> {
  const [image] = await readDockerSave(fileSource(path))
  if (!image || (id !== undefined && imageId(image) !== id))
    throw new Error('the archive holds another image')
  for (const layer of image.layers) for await (const _ of layer.open());
}
