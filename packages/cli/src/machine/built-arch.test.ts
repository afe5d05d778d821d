import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkArtifactsArch } from './built-arch.ts'

test('artifacts of another architecture are told before a machine starts from them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ros-arch-'))
  try {
    const write = (text: string) => writeFileSync(join(folder, 'build-info.json'), text)
    expect(() => checkArtifactsArch(folder, 'x86_64')).not.toThrow()
    for (const unknown of ['no JSON', '{}', '{"predicate":null}']) {
      write(unknown)
      expect(() => checkArtifactsArch(folder, 'x86_64')).not.toThrow()
    }
    write('{"predicate":{"buildDefinition":{"externalParameters":{"recipe":{"arch":"arm64"}}}}}')
    expect(() => checkArtifactsArch(folder, 'aarch64')).not.toThrow()
    expect(() => checkArtifactsArch(folder, 'x86_64')).toThrow(
      expect.objectContaining({ code: 'ROS_CLI_USAGE', hint: 'run --arch arm64' }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
