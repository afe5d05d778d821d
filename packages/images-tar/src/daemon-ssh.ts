import { spawn } from 'node:child_process'
import { Agent } from 'node:http'
import { Duplex } from 'node:stream'

export interface SshAddress {
  readonly host: string
  readonly port?: number
  readonly username?: string
}

const MAX_SAID = 4096

/**
 * Connections to a daemon behind ssh, as the docker client makes them: `ssh HOST docker system dial-stdio`. It is the program `ssh`, so the
 * host's key is checked against known_hosts, and the user's configuration, keys and agent count. (dockerode's own ssh takes any key.)
 */
export function sshAgent({ host, port, username }: SshAddress): Agent {
  const where = [...(port ? ['-p', String(port)] : []), ...(username ? ['-l', username] : []), '--', host]
  const args = ['-T', '-o', 'ConnectTimeout=30', ...where, 'docker system dial-stdio']
  const agent = new Agent()
  agent.createConnection = () => connection(args)
  return agent
}

function connection(args: readonly string[]): Duplex {
  const child = spawn('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  // How writing failed says nothing; why ssh ended does, and that comes with its end. So does the end of what is read.
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Uint8Array, _, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy(error, done) {
      child.kill()
      done(error)
    },
  })
  let said = ''
  child.stdout.on('data', (chunk: Uint8Array) => {
    if (!stream.push(chunk)) child.stdout.pause()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID)
  })
  child.stdin.on('error', () => undefined)
  child.on('error', (cause) => stream.destroy(new Error('the program ssh cannot be started', { cause })))
  child.on('close', (code) => {
    if (code === 0) stream.push(null)
    else stream.destroy(new Error(said.trim() || `ssh ended with code ${code}`))
  })
  return stream
}
