// Builds `ros` (Go, static) and every TypeScript package (JavaScript by tsup, declarations by tsc).
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bin, fail, root, run, runQuietly, say } from './console.mjs'

/** Go's names of what `ros` is built for, the architectures of the kit's own packages. */
const ARCHITECTURES = ['amd64', 'arm64']

/** Builds all; `ros` for this kit's default architecture alone unless `everyArch`. */
export async function buildAll({ everyArch = false } = {}) {
  await buildRos(everyArch ? ARCHITECTURES : ARCHITECTURES.slice(0, 1))
  await buildPackages()
}

/** One static binary per architecture; -trimpath and no VCS stamp make it the same from any folder. */
async function buildRos(architectures) {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'))
  const flags = `-s -w -buildid= -X rancheros-kit/init/internal/version.Version=v${version}`
  for (const arch of architectures) {
    say(`ros v${version}, ${arch} (Go takes a minute the first time)`)
    const args = [
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      flags,
      '-o',
      `dist/ros-linux-${arch}`,
      './cmd/ros',
    ]
    const env = { ...process.env, CGO_ENABLED: '0', GOOS: 'linux', GOARCH: arch, GOFLAGS: '-mod=readonly' }
    const code = await runQuietly('go', ['build', ...args], { cwd: join(root, 'packages/init'), env })
    if (code !== 0) fail('building ros failed', 'see the lines of the Go compiler above')
  }
}

async function buildPackages() {
  const packages = readdirSync(join(root, 'packages')).filter((name) =>
    existsSync(join(root, 'packages', name, 'tsconfig.json')),
  )
  say(`TypeScript packages: ${packages.join(' ')}`)
  const queue = [...packages]
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const cwd = join(root, 'packages', name)
      const built = await run(bin('tsup'), ['--config', '../../tsup.config.ts', '--silent'], { cwd })
      const typed = built === 0 ? await run(bin('tsc'), ['-p', 'tsconfig.json'], { cwd }) : 1
      if (built !== 0 || typed !== 0) fail(`building packages/${name} failed`, 'see the lines above')
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (process.argv.includes('--ros')) await buildRos(ARCHITECTURES)
  else await buildAll({ everyArch: true })
}
