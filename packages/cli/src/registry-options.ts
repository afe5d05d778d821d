import { readFileSync } from 'node:fs'
import type { RegistryOptions } from '@ros/images-tar/registry'
import type { Argv } from 'yargs'
import type { CommandContext } from './command.ts'
import { CliError } from './error.ts'

/** What every command that speaks to a registry takes. */
export function registryOptions<T>(parser: Argv<T>) {
  return parser
    .option('insecure', {
      type: 'string',
      array: true,
      default: [],
      describe: 'registry (HOST or HOST:PORT) that may be spoken to without TLS; loopback always may',
      nargs: 1,
    })
    .option('ca', {
      type: 'string',
      array: true,
      default: [],
      describe: 'PEM file of an authority that signs certificates of registries',
      nargs: 1,
    })
    .option('mirror', {
      type: 'string',
      array: true,
      default: [],
      describe: 'HOST=ADDRESS: where to pull from before the registry HOST is asked',
      nargs: 1,
    })
}

export interface RegistryArguments {
  readonly insecure: readonly string[]
  readonly ca: readonly string[]
  readonly mirror: readonly string[]
}

/** The options as the library takes them; what it tells on the way goes to standard error. */
export function givenRegistry(args: RegistryArguments, context: CommandContext): RegistryOptions {
  const { output, signal } = context
  const mirrors: Record<string, string[]> = {}
  for (const text of args.mirror) {
    const [, host, address] = /^([^=]+)=(.+)$/.exec(text) ?? []
    if (host === undefined || address === undefined) {
      throw new CliError('ROS_CLI_USAGE', 'not a mirror', {
        subject: `--mirror ${text}`,
        limit: 'HOST=ADDRESS, such as registry.example=https://mirror.example',
      })
    }
    mirrors[host] = [...(mirrors[host] ?? []), address]
  }
  return {
    insecure: args.insecure,
    mirrors,
    signal,
    http: {
      signal,
      ca: args.ca.map(readPem),
      onRetry: ({ url, reason, pauseMs }) =>
        output.note(`${url}: ${reason}; again in ${(pauseMs / 1000).toFixed(1)} s`),
    },
    onPassedOver: (mirror, reason) => output.note(`mirror ${mirror} passed over: ${reason}`),
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CliError('ROS_CLI_FILE', 'cannot read the certificates', { subject: path, cause })
  }
}
