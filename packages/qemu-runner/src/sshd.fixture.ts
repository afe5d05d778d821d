import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, type KeyPair } from './ssh-key.ts'

const SSHD = '/usr/sbin/sshd'

export interface Sshd extends AsyncDisposable {
  readonly username: string
  readonly authorizedKeysFile: string
  /** Public host key in wire form, base64. */
  readonly hostKey: string
}

/** OpenSSH's server on loopback as the current user, with a new host key that is kept in `directory` under `name`. */
export async function startSshd(directory: string, port: number, name = 'sshd'): Promise<Sshd> {
  if (!existsSync(SSHD)) throw new Error(`${SSHD} is missing: apt install openssh-server`)
  // As root, sshd wants its directory for privilege separation, which the service manager makes otherwise.
  if (process.geteuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const hostKeyFile = join(directory, `${name}_host_key`)
  if (!existsSync(hostKeyFile))
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKeyFile])
  const authorizedKeysFile = join(directory, 'authorized_keys')
  const config = join(directory, `${name}_config`)
  await writeFile(
    config,
    `HostKey ${hostKeyFile}
ListenAddress 127.0.0.1
PidFile none
AuthorizedKeysFile ${authorizedKeysFile}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
`,
  )
  const server: ChildProcess = spawn(SSHD, ['-D', '-e', '-p', String(port), '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', () => reject(new Error(`sshd ended: ${said}`)))
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Server listening')) resolve()
    })
  })
  const line = execFileSync('ssh-keygen', ['-y', '-f', hostKeyFile], { encoding: 'utf8' })
  return {
    username: userInfo().username,
    authorizedKeysFile,
    hostKey: line.split(' ')[1] ?? '',
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM')
      await ended
    },
  }
}

/** A key pair, let in. */
export async function admittedKey(sshd: Sshd): Promise<KeyPair> {
  const pair = generateKeyPair('test')
  await writeFile(sshd.authorizedKeysFile, `${pair.publicKey}\n`)
  return pair
}
