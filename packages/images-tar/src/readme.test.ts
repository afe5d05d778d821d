import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const home = join(import.meta.dirname, '..')

test("the README's example runs as it stands, and skopeo reads what it wrote", () => {
  const code =
    /```ts\n([^]*?)```/.exec(readFileSync(join(home, 'README.md'), 'utf8'))?.[1] ?? expect.fail('no example')
  // Inside the package, so that its imports resolve.
  const folder = mkdtempSync(join(home, 'node_modules', '.readme-'))
  try {
    writeFileSync(join(folder, 'example.mjs'), code)
    const options = { cwd: folder, encoding: 'utf8' as const, timeout: 30_000 }
    const printed = execFileSync(process.execPath, ['--conditions=@ros/source', 'example.mjs'], options)
    expect(printed).toMatch(/^sha256:[0-9a-f]{64}\n$/)
    const inspect = ['inspect', '--format', '{{.Name}} {{.Os}}/{{.Architecture}}']
    const name = execFileSync('skopeo', [...inspect, 'docker-archive:images.tar:example/shell:v1'], options)
    expect(name).toBe('docker.io/example/shell linux/amd64\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
