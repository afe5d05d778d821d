import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ByteSource } from '@ros/bytes'
import { type Digest, fileSource, sha256 } from '@ros/bytes/node'
import { type ArtifactFile, pushArtifact } from '@ros/images-tar/registry'
import { artifactsOption } from '../artifacts-option.ts'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { megabytes } from '../print.ts'
import { givenRegistry, registryOptions } from '../registry-options.ts'

/** What kind of artifact ours is, for whoever looks for such in a registry. */
export const ARTIFACT_TYPE = 'application/vnd.rancheros.artifacts.v1'

const SUMS = 'SHA256SUMS'
/** Media types by name; what is not named here is bytes. */
const MEDIA_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^vmlinuz/, 'application/vnd.rancheros.kernel'],
  [/^initrd/, 'application/vnd.rancheros.initrd'],
  [/\.iso$/, 'application/x-iso9660-image'],
  [/\.tar$/, 'application/x-tar'],
  [/\.gz$/, 'application/gzip'],
  [/\.json$/, 'application/json'],
  [/(SUMS|\.txt)$/, 'text/plain'],
]

/** `rancheros-kit publish`: what was built, as an artifact of a registry. */
export const publish = command({
  usage: 'publish <reference>',
  describe: 'push what was built to a registry, as an OCI artifact that `pull` and ORAS fetch',
  examples: [['$0 publish registry.example/team/rancheros:v1', 'every file of SHA256SUMS, and that file']],
  options: (y) =>
    registryOptions(artifactsOption(y))
      .positional('reference', {
        type: 'string',
        demandOption: true,
        describe: 'registry, repository and tag',
      })
      .option('annotation', {
        type: 'string',
        array: true,
        default: [],
        describe: 'NAME=VALUE, noted in the manifest',
        nargs: 1,
      }),
  run: async (args, context) => {
    const files = await readArtifacts(resolve(args.out))
    const annotations = Object.fromEntries(args.annotation.map(annotation))
    const result = await context.output.withProgress((report) =>
      pushArtifact(files, args.reference, {
        ...givenRegistry(args, context),
        artifactType: ARTIFACT_TYPE,
        ...(args.annotation.length > 0 && { annotations }),
        onProgress: (done, total) =>
          report({
            step: 'publish',
            text: `pushing to ${args.reference}`,
            done,
            ...(total !== undefined && { total }),
          }),
      }),
    )
    const names = files.map(({ name }) => name)
    return {
      data: { ...result, artifactType: ARTIFACT_TYPE, files: names },
      text: `${result.reference}@${result.digest} ${megabytes(result.size)}: ${names.join(' ')}\n`,
    }
  },
})

/** The files that the folder's SHA256SUMS names, proven, and that file itself. */
async function readArtifacts(folder: string): Promise<ArtifactFile[]> {
  const sums = join(folder, SUMS)
  const listed = parseSums(read(sums), sums)
  const files: ArtifactFile[] = []
  for (const { name, digest } of listed) {
    const source = openFile(join(folder, name))
    const got = await sha256(source)
    if (got !== digest) {
      throw new CliError('ROS_CLI_FILE', `is not what ${SUMS} says`, {
        subject: join(folder, name),
        got,
        limit: digest,
        hint: '`rancheros-kit build` writes both anew',
      })
    }
    files.push({ name, mediaType: mediaType(name), source })
  }
  return [...files, { name: SUMS, mediaType: mediaType(SUMS), source: openFile(sums) }]
}

/** Lines of sha256sum: digest, two spaces, name. */
function parseSums(text: string, subject: string): { readonly name: string; readonly digest: Digest }[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [, hex, name] = /^([0-9a-f]{64}) [ *]([A-Za-z0-9_][A-Za-z0-9._+-]*)$/.exec(line) ?? []
    if (hex !== undefined && name !== undefined) return { name, digest: `sha256:${hex}` as const }
    throw new CliError('ROS_CLI_FILE', 'not a list of checksums', {
      subject,
      got: JSON.stringify(line.slice(0, 100)),
    })
  })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CliError('ROS_CLI_NOT_BUILT', 'nothing to publish', {
      subject: path,
      hint: 'run `rancheros-kit build`, or name its folder with --out',
      cause,
    })
  }
}

function openFile(path: string): ByteSource {
  try {
    return fileSource(path)
  } catch (cause) {
    throw new CliError('ROS_CLI_FILE', `is named in ${SUMS} and cannot be read`, { subject: path, cause })
  }
}

function mediaType(name: string): string {
  return MEDIA_TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? 'application/octet-stream'
}

function annotation(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name !== undefined && value !== undefined) return [name, value]
  throw new CliError('ROS_CLI_USAGE', 'not an annotation', {
    subject: `--annotation ${text}`,
    limit: 'NAME=VALUE',
  })
}
