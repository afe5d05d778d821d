import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BenchRow, benchRow, median, takeTurns, timeProcess } from './row.ts'

const ROUNDS = 3
const root = fileURLToPath(new URL('..', import.meta.url))
const kit = join(root, 'packages/cli/bin/rancheros-kit.js')
/** Seconds that design and issue allow on two cores. */
const GOALS = { warm: 60, ros: 5 } as const

/**
 * The whole build with the user's cache: with everything kept, after a change to `ros`; and its steps against those of rancher/os v0.4.3 (cpio and
 * lzma, a copy of all images, xorriso) on the same files.
 */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-build-'))
  try {
    const out = join(folder, 'out')
    const build = (...args: string[]) =>
      timeProcess(process.execPath, [kit, 'build', ...args], { cwd: folder })
    await build('--images-tar', '--rootfs', '--out', out)
    const warm: number[] = []
    for (let round = 0; round < ROUNDS; round++) warm.push(await build('--out', join(folder, 'warm')))
    return [
      benchRow('whole build, everything kept', `${GOALS.warm} s`, median(warm), GOALS.warm, 1),
      benchRow('whole build, ros changed', `${GOALS.ros} s`, await afterChange(folder, build), GOALS.ros, 1),
      ...(await upstreamSteps(folder, out)),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A lock, so that no package lists are read, and another `ros` before each build. */
async function afterChange(folder: string, build: (...args: string[]) => Promise<number>): Promise<number> {
  const recipe = await readFile(join(root, 'packages/distro/assets/recipes/debian.yml'), 'utf8')
  await writeFile(join(folder, 'rancheros.yml'), `${recipe}\nros: { file: ros }\n`)
  const ros = join(folder, 'ros')
  await copyFile(join(root, 'packages/init/dist/ros-linux-amd64'), ros)
  const out = join(folder, 'changed')
  await timeProcess(process.execPath, [kit, 'lock'], { cwd: folder })
  await build('--out', out)
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    await appendFile(ros, String(round))
    times.push(await build('--out', out))
  }
  return median(times)
}

async function upstreamSteps(folder: string, out: string): Promise<BenchRow[]> {
  const tree = join(folder, 'tree')
  const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')]
  for (const path of [tree, ours, theirs]) await mkdir(path)
  // What the engine calls most: 40 MB, so that lzma ends within the minute.
  const members = ['usr/bin/dockerd', 'usr/etc', 'usr/share/ros']
  await timeProcess('tar', ['-xzf', join(out, 'rootfs.tar.gz'), '-C', tree, ...members])
  const images = join(out, 'images.tar')
  const vmlinuz = join(out, 'vmlinuz')
  // The built packages, as they are installed: lzma is native and cannot be compiled in.
  const steps = join(root, 'bench/build-steps.ts')
  const node = (compression: string) =>
    timeProcess(process.execPath, [steps, tree, images, vmlinuz, ours, compression])
  const script = `set -e; out="$1"; rm -rf "$out"; mkdir -p "$out/iso/boot"
    skopeo copy --quiet docker-archive:"$2":@0 docker-archive:"$out/images.tar"
    (cd "$3" && find . | cpio -H newc -o --quiet | lzma -c) > "$out/initrd"
    cp "$4" "$out/iso/boot/vmlinuz"; cp "$out/initrd" "$out/iso/boot/initrd"
    xorriso -as mkisofs -quiet -l -J -R -V BENCH -o "$out/rancheros.iso" "$out/iso"`
  const times = await takeTurns(1, {
    same: () => node('lzma'),
    kits: () => node('zstd'),
    upstream: () => timeProcess('bash', ['-c', script, 'bench', theirs, images, tree, vmlinuz]),
  })
  const reference = 'cpio | lzma, skopeo, xorriso'
  return [
    benchRow('steps of a build, lzma as upstream', reference, times.same, times.upstream, 1.1),
    benchRow("steps of a build, the kit's zstd -6", reference, times.kits, times.upstream, 0.25),
  ]
}
