import { mkdir, open, symlink } from 'node:fs/promises'
import { join } from 'node:path'

// Like an initrd's content: kernel modules and shared files in thousands, docker's binaries, one tarball of images.
const SMALL = { directories: 200, perDirectory: 16, max: 65_536 }
const MEDIUM = { directories: 20, perDirectory: 50, max: 520_000 }
const LARGE = [150_000_000, 120_000_000, 90_000_000, 50_000_000]

/** Makes the same tree of about 770 MB in 4,200 files every time. Gives the number of entries, `.` counted. */
export async function makeTree(root: string): Promise<number> {
  const random = generator(42)
  const noise = new Uint8Array(1_048_576)
  for (let i = 0; i < noise.length; i++) noise[i] = random(256)
  let entries = 1

  const write = async (path: string, size: number) => {
    const handle = await open(join(root, path), 'w')
    for (let left = size; left > 0; left -= noise.length)
      await handle.write(noise, 0, Math.min(left, noise.length))
    await handle.close()
    entries++
  }
  for (const [kind, { directories, perDirectory, max }] of Object.entries({ small: SMALL, medium: MEDIUM })) {
    for (let d = 0; d < directories; d++) {
      const directory = join(kind, `directory-${d}`)
      entries += (await mkdir(join(root, directory), { recursive: true })) && d === 0 ? 2 : 1
      for (let f = 0; f < perDirectory; f++) await write(join(directory, `file-${f}`), random(max))
    }
  }
  for (const [i, size] of LARGE.entries()) await write(`large-${i}`, size)
  await symlink('small', join(root, 'link'))
  return entries + 1
}

/** The minimal standard generator: the same numbers everywhere. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}
