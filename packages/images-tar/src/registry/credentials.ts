import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { collect } from '@ros/bytes'
import { ImagesTarError } from '../error.ts'
import { object } from '../image-config.ts'

/** What a registry or its token server is told of who asks. */
export type Credential =
  | { readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, exchanged at the token server. */
  | { readonly identityToken: string }

/** What a registry is to be told; undefined for nothing. `host` is as in references: `docker.io`, `registry.example:5000`. */
export type CredentialSource = (host: string) => Promise<Credential | undefined>

const HUB = 'docker.io'
const HELPER_MS = 60_000

/**
 * Credentials as `docker login` leaves them: helpers (`credHelpers`, `credsStore`), then `auths`, of `config.json` in
 * `directory`, by default `$DOCKER_CONFIG` or `~/.docker`. A missing file has none; a broken one throws `ROS_IMAGES_TAR_AUTH`.
 */
export function dockerCredentials(directory = defaultDirectory()): CredentialSource {
  let config: Promise<Record<string, unknown>> | undefined
  return async (host) => {
    config ??= readConfig(join(directory, 'config.json'))
    const { auths, credHelpers, credsStore } = await config
    const helper = entryFor(credHelpers, host) ?? credsStore
    const helped = typeof helper === 'string' && helper !== '' ? await askHelper(helper, host) : undefined
    return helped ?? fromAuth(entryFor(auths, host), host)
  }
}

function defaultDirectory(): string {
  return process.env['DOCKER_CONFIG'] || join(homedir(), '.docker')
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  try {
    return object(JSON.parse(await readFile(path, 'utf8')), path, 'file')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw authError(path, "docker's configuration cannot be read", cause)
  }
}

/** Entries go by the host, or by an address that begins with it: `https://host/v1/`. */
function entryFor(map: unknown, host: string): unknown {
  if (typeof map !== 'object' || map === null) return undefined
  const entries = Object.entries(map)
  const exact = entries.find(([key]) => key === host)
  return (exact ?? entries.find(([key]) => hostOf(key) === host))?.[1]
}

function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').split('/')[0] ?? ''
  return host === `index.${HUB}` || host === `registry-1.${HUB}` ? HUB : host
}

function fromAuth(entry: unknown, host: string): Credential | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { auth, username, password, identitytoken } = entry as Record<string, unknown>
  if (typeof identitytoken === 'string' && identitytoken !== '') return { identityToken: identitytoken }
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = text.indexOf(':')
    if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) }
    throw authError(host, "entry of docker's configuration is no base64 of user:password")
  }
  if (typeof username === 'string' && username !== '' && typeof password === 'string')
    return { username, password }
  return undefined
}

/** The protocol of docker-credential-helpers: `get`, the server on standard input, JSON on standard output. */
async function askHelper(name: string, host: string): Promise<Credential | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw authError(host, 'credential helper has an unusual name', undefined, JSON.stringify(name))
  const program = `docker-credential-${name}`
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], timeout: HELPER_MS })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(host === HUB ? `https://index.${HUB}/v1/` : host)
  try {
    const [code, bytes] = await Promise.all([exit, collect(child.stdout, 1_048_576)])
    const said = new TextDecoder().decode(bytes).trim()
    if (code !== 0 && /credentials not found/i.test(said)) return undefined
    if (code !== 0)
      throw authError(host, `${program} failed`, undefined, said.slice(0, 200) || `exit ${code}`)
    const { Username, Secret } = object(JSON.parse(said), program, 'answer')
    if (typeof Username !== 'string' || typeof Secret !== 'string' || Secret === '') return undefined
    return Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret }
  } catch (cause) {
    if (cause instanceof ImagesTarError) throw cause
    throw authError(host, `${program} cannot be asked`, cause)
  } finally {
    child.kill()
  }
}

function authError(subject: string, problem: string, cause?: unknown, got?: string): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_AUTH', problem, {
    subject,
    ...(got !== undefined && { got }),
    ...(cause instanceof Error && { cause, got: cause.message }),
  })
}
