import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Digest, fileSource, sha256Text } from '@ros/bytes/node'
import { directoryTree } from '@ros/kernel-fetch'
import type { StoredSource } from '@ros/store'
import { DistroError } from '../error.ts'
import { stepKey, treeKey } from '../steps/step-key.ts'
import type { SourceContext } from './context.ts'
import { missing } from './file.ts'

/** What the Go compiler reads beside code: files that `//go:embed` may name are all the others, so none is left out. */
const NOT_SOURCE = /(^|\/)(\.git|dist|bin|build|node_modules)(\/|$)/

/** Digest of a Go module's files: names, modes and contents. Times do not count: the compiler does not see them. */
export async function moduleDigest(
  context: SourceContext,
  source: { readonly path: string },
): Promise<Digest> {
  const path = resolve(context.folder, source.path)
  if (!(await isFile(join(path, 'go.mod')))) throw missing(join(path, 'go.mod'))
  const tree = directoryTree(path).filter((entry) => !NOT_SOURCE.test(entry.path))
  return sha256Text(JSON.stringify(await treeKey(tree)))
}

/**
 * Builds `ros` from the Go module in a folder, static and stripped, as rancher/os v0.4.3 did (Makefile, bin/ros), but with no C
 * code: cgo is off. The result is kept by the digest of the sources and the version of Go.
 */
export async function buildRos(
  context: SourceContext,
  path: string,
  module: Digest,
  version: string,
): Promise<StoredSource> {
  const folder = resolve(context.folder, path)
  const go = await runGo(['version'], folder, process.env)
  const key = stepKey('build ros', { module, go, version, arch: context.arch })
  return context.store.derived(key, async function* () {
    context.report({ step: 'ros', text: `building ros with Go from ${path}` })
    const built = await context.store.withTemporaryDirectory(async (temporary) => {
      const out = join(temporary, 'ros')
      await runGo(await buildArguments(folder, version, out), folder, goEnvironment(context.arch))
      return context.store.take(fileSource(out).open())
    })
    yield* built.open()
  })
}

async function buildArguments(folder: string, version: string, out: string): Promise<string[]> {
  // Our own module, or a checkout of rancher/os: each keeps its version elsewhere.
  const ours = await isFile(join(folder, 'cmd/ros/main.go'))
  const { stdout: module } = await runFile('go', ['list', '-m'], folder, process.env)
  const variable = ours ? `${module.trim()}/internal/version.Version` : `${module.trim()}/config.VERSION`
  const flags = `-s -w -buildid= -X ${variable}=${version}`
  const tags = ['-tags', 'netgo', '-trimpath', '-buildvcs=false', '-ldflags', flags]
  return ['build', ...tags, '-o', out, ours ? './cmd/ros' : '.']
}

function goEnvironment(arch: string): NodeJS.ProcessEnv {
  const arm = arch === 'arm' ? { GOARM: '6' } : {}
  return { ...process.env, CGO_ENABLED: '0', GOOS: 'linux', GOARCH: arch, GOFLAGS: '-mod=readonly', ...arm }
}

async function runGo(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  return (await runFile('go', args, cwd, env)).stdout.trim()
}

async function runFile(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  try {
    return await promisify(execFile)(command, [...args], { cwd, env, maxBuffer: 16 * 1024 ** 2 })
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { stderr?: string }
    throw new DistroError(
      'ROS_DISTRO_GO',
      code === 'ENOENT' ? 'Go is not installed' : 'building ros failed',
      {
        subject: cwd,
        ...(stderr && { got: stderr.trim().split('\n').slice(0, 3).join('; ').slice(0, 400) }),
        hint:
          code === 'ENOENT'
            ? 'install Go 1.24 or later, or take ros from a file: `ros: { file: … }`'
            : `see what \`go ${args.join(' ')}\` says there`,
        cause,
      },
    )
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
}
