import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { QemuArch } from '@ros/qemu-runner'
import { CliError } from '../error.ts'

/** QEMU's names of the architectures, by Debian's. */
export const QEMU_ARCH = { amd64: 'x86_64', arm64: 'aarch64' } as const satisfies Record<string, QemuArch>

/** Throws `ROS_CLI_USAGE` when what was built, by its build-info.json, is for another architecture than the machine; without that file nothing is known. */
export function checkArtifactsArch(artifacts: string, arch: QemuArch): void {
  const built = builtArch(resolve(artifacts, 'build-info.json'))
  const isSame = Object.entries(QEMU_ARCH).some(([debian, qemu]) => debian === built && qemu === arch)
  if (built === undefined || isSame) return
  throw new CliError('ROS_CLI_USAGE', 'the artifacts are for another architecture than the machine', {
    subject: artifacts,
    got: built,
    hint: `run --arch ${built}`,
  })
}

function builtArch(path: string): string | undefined {
  try {
    const info = JSON.parse(readFileSync(path, 'utf8')) as BuildInfo
    return info.predicate?.buildDefinition?.externalParameters?.recipe?.arch
  } catch {
    return undefined // artifacts need not have come from a build of this kit
  }
}

/** What is read of build-info.json (SLSA provenance v1, as the build writes it). */
interface BuildInfo {
  readonly predicate?: {
    readonly buildDefinition?: {
      readonly externalParameters?: { readonly recipe?: { readonly arch?: string } }
    }
  }
}
