// Publishes what is not in the registry yet: every package is packed as the checks judge it, and the very tarballs are sent, the
// ones that others depend on first. `--dry-run` sends nothing. In CI each gets a provenance statement.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, capture, fail, root, run, say } from './console.mjs'
import { packAll, wrongPackages } from './packed.mjs'

const dryRun = process.argv.includes('--dry-run')
const repository = process.env.GITHUB_REPOSITORY

const packages = readdirSync(join(root, 'packages')).map((folder) => {
  const file = join(root, 'packages', folder, 'package.json')
  return { folder, file, manifest: JSON.parse(readFileSync(file, 'utf8')) }
})

if (repository !== undefined) nameRepository(`git+https://github.com/${repository}.git`)
const wrong = await wrongPackages()
if (wrong.length > 0) fail('the packages are not fit to be published', wrong.join('\n'))

const folder = mkdtempSync(join(tmpdir(), 'ros-release-'))
try {
  if ((await packAll(folder)) !== 0) fail('packing failed', 'see the lines above')
  for (const { manifest } of inOrder()) await publish(manifest)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (!dryRun && (await run(bin('changeset'), ['tag'])) !== 0) fail('tagging failed', 'see the lines above')

/** The registry accepts provenance only where the manifest names the repository that the runner works for. */
function nameRepository(url) {
  for (const { folder: name, file, manifest } of packages) {
    manifest.repository = { type: 'git', url, directory: `packages/${name}` }
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  }
}

/** Dependencies before what depends on them. */
function inOrder() {
  const waiting = new Map(packages.map((entry) => [entry.manifest.name, entry]))
  const ordered = []
  while (waiting.size > 0) {
    const ready = [...waiting.values()].filter(({ manifest }) =>
      Object.keys(manifest.dependencies ?? {}).every((name) => !waiting.has(name)),
    )
    if (ready.length === 0) fail('packages depend on each other in a circle', [...waiting.keys()].join(' '))
    for (const entry of ready) waiting.delete(entry.manifest.name)
    ordered.push(...ready)
  }
  return ordered
}

async function publish({ name, version }) {
  const subject = `${name}@${version}`
  if (!dryRun && capture('npm', ['view', subject, 'version']) === version) return say(`${subject}: is there`)
  say(`${subject}: ${dryRun ? 'would be published' : 'publishing'}`)
  if (dryRun) return
  const tarball = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)
  const provenance = process.env.CI === 'true' ? ['--provenance'] : []
  if ((await run('npm', ['publish', tarball, '--access', 'public', ...provenance])) !== 0)
    fail(`publishing ${subject} failed`, 'what was published stays; run it again for the rest')
}
