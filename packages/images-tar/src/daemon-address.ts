import { readFileSync } from 'node:fs'
import type { Agent } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { DockerOptions } from 'dockerode'
import { sshAgent } from './daemon-ssh.ts'
import { ImagesTarError } from './error.ts'

/** What of the environment decides how a daemon is spoken to, as for the docker client. */
export type DaemonEnvironment = Readonly<Partial<Record<'DOCKER_TLS_VERIFY' | 'DOCKER_CERT_PATH', string>>>

/** Those of dockerode with one more, which its declarations lack. */
export type DaemonOptions = DockerOptions & { readonly agent?: Agent }

/**
 * Options of dockerode for an address as `DOCKER_HOST` has it: `unix:///path` or a path, `npipe://`, `tcp://host[:port]`, with TLS when
 * `DOCKER_TLS_VERIFY` is set or the port is 2376, `ssh://[user@]host[:port]` by the program `ssh` (see `sshAgent`). Throws `ROS_IMAGES_TAR_DAEMON`.
 */
export function daemonOptions(address: string, environment: DaemonEnvironment): DaemonOptions {
  const socket = /^(?:unix:\/\/|npipe:\/\/)?(\/.+)$/.exec(address)?.[1]
  if (socket !== undefined) return { socketPath: socket }
  const url = URL.parse(address.includes('://') ? address : `tcp://${address}`)
  const { hostname, port, protocol, username } = url ?? {}
  if (hostname && protocol === 'ssh:') {
    const ssh = {
      host: hostname.replace(/^\[|\]$/g, ''),
      ...(port && { port: Number(port) }),
      ...(username && { username: decodeURIComponent(username) }),
    }
    return { protocol: 'http', host: 'docker', port: 80, agent: sshAgent(ssh) }
  }
  if (!hostname || (protocol !== 'tcp:' && protocol !== 'http:' && protocol !== 'https:')) {
    throw new ImagesTarError('ROS_IMAGES_TAR_DAEMON', "not a daemon's address", {
      subject: JSON.stringify(address.slice(0, 200)),
      limit: 'unix:///path, tcp://host:port, ssh://user@host',
    })
  }
  const secure = protocol === 'https:' || !!environment.DOCKER_TLS_VERIFY || port === '2376'
  return {
    protocol: secure ? 'https' : 'http',
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (secure ? 2376 : 2375)),
    ...(secure && certificates(environment.DOCKER_CERT_PATH || join(homedir(), '.docker'))),
  }
}

function certificates(folder: string): Pick<DockerOptions, 'ca' | 'cert' | 'key'> {
  try {
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') }
  } catch (cause) {
    throw new ImagesTarError('ROS_IMAGES_TAR_DAEMON', 'certificates for the daemon cannot be read', {
      subject: folder,
      limit: 'ca.pem, cert.pem and key.pem',
      hint: 'DOCKER_CERT_PATH names their folder',
      cause,
    })
  }
}
