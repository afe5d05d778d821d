import { createHash } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where a project keeps what belongs to it; all below one folder that is not in git. */
export interface Project {
  readonly directory: string
  /** `id_ed25519` and `id_ed25519.pub` that log in to this project's machines. */
  readonly keys: string
  readonly stateDisk: string
  readonly cloudConfigIso: string
  readonly knownHosts: string
  readonly consoleLog: string
  /** Port and process of the machine that runs. */
  readonly machineFile: string
  readonly qmpSocket: string
}

export function openProject(workingDirectory: string): Project {
  const directory = resolve(workingDirectory, '.rancheros')
  return {
    directory,
    keys: directory,
    stateDisk: join(directory, 'state.qcow2'),
    cloudConfigIso: join(directory, 'cloud-config.iso'),
    knownHosts: join(directory, 'known_hosts.json'),
    consoleLog: join(directory, 'console.log'),
    machineFile: join(directory, 'machine.json'),
    qmpSocket: socketPath(directory),
  }
}

/** A socket's path has at most 103 bytes: below a deep folder there is no room, so it goes to the temporary one. */
function socketPath(directory: string): string {
  const path = join(directory, 'qmp.sock')
  if (Buffer.byteLength(path) <= 103) return path
  return join(
    tmpdir(),
    `rancheros-kit-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.sock`,
  )
}

/** The cache of downloads and built parts: $ROS_KIT_CACHE, else below $XDG_CACHE_HOME or ~/.cache. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const given = environment['ROS_KIT_CACHE']
  if (given) return resolve(given)
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rancheros-kit')
}
