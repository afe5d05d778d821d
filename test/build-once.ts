import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { runKit } from './kit.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder with the artifacts of one build, shared by all tests; none may change it. */
    artifacts: string
    /** Folder of the cache that this build filled. */
    cache: string
  }
}

/** Builds the distribution once for all system tests, with the user's own cache. */
export default async function buildOnce(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'ros-artifacts-'))
  const artifacts = join(folder, 'artifacts')
  const { code, stderr } = await runKit(['build', '--out', artifacts])
  if (code !== 0) throw new Error(`the build failed with exit code ${code}:\n${stderr}`)
  project.provide('artifacts', artifacts)
  const { cacheDirectory } = await import('../packages/cli/src/project.ts')
  project.provide('cache', cacheDirectory(process.env))
  return () => rmSync(folder, { recursive: true, force: true })
}
