import { collect } from '@ros/bytes'
import { type Http, isLoopback, parseUrl, redacted, statusError } from '@ros/store'
import { ImagesTarError } from '../error.ts'
import type { Challenge } from './challenge.ts'
import type { Credential } from './credentials.ts'

export interface Token {
  readonly text: string
  /** Milliseconds that it is good for. */
  readonly lifetimeMs: number
}

const MAX_ANSWER = 1_048_576
/** A token without a lifetime has one minute (distribution, spec/auth/token.md). */
const DEFAULT_SECONDS = 60

/**
 * Asks the token server that a bearer challenge names, as distribution's spec/auth/token.md and oauth.md say. `plain`: whether it may
 * be one without TLS, which is never so for a registry that has TLS itself.
 */
export async function fetchToken(
  http: Http,
  challenge: Challenge,
  scopes: readonly string[],
  credential: Credential | undefined,
  plain: boolean,
): Promise<Token> {
  const realm = challenge.parameters.get('realm')
  const service = challenge.parameters.get('service')
  if (realm === undefined) throw tokenError('bearer challenge', 'names no token server')
  const url = parseUrl(realm)
  if (url.protocol !== 'https:' && !(plain || isLoopback(url)))
    throw tokenError(redacted(url), 'token server without TLS', 'http:', 'https:')
  const fields: [string, string][] = [
    ...(service === undefined ? [] : ([['service', service]] as [string, string][])),
    ...scopes.map((scope): [string, string] => ['scope', scope]),
  ]
  const response =
    credential && 'identityToken' in credential
      ? await http.request(refresh(url, fields, credential.identityToken))
      : await http.request(ask(url, fields, credential))
  if (response.status === 401 || response.status === 403) {
    response.discard()
    throw tokenError(
      redacted(url),
      'token server refuses',
      `status ${response.status}`,
      undefined,
      credential,
    )
  }
  if (response.status !== 200) throw await statusError(response)
  return parseToken(await collect(response.body, MAX_ANSWER), redacted(url))
}

function ask(url: URL, fields: readonly [string, string][], credential: Credential | undefined) {
  const target = new URL(url.href)
  for (const [name, value] of fields) target.searchParams.append(name, value)
  if (!credential || !('username' in credential)) return { url: target }
  target.searchParams.append('account', credential.username)
  return { url: target, headers: { authorization: basic(credential) } }
}

function refresh(url: URL, fields: readonly [string, string][], identityToken: string) {
  const scope = fields.flatMap(([name, value]) => (name === 'scope' ? [value] : [])).join(' ')
  const form = new URLSearchParams(fields.filter(([name]) => name !== 'scope') as [string, string][])
  form.append('scope', scope)
  form.append('grant_type', 'refresh_token')
  form.append('client_id', 'rancheros-kit')
  form.append('refresh_token', identityToken)
  const bytes = new TextEncoder().encode(form.toString())
  return {
    url,
    method: 'POST' as const,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: {
      size: bytes.length,
      async *open() {
        yield bytes
      },
    },
  }
}

export function basic(credential: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`
}

function parseToken(bytes: Uint8Array, subject: string): Token {
  let answer: Record<string, unknown>
  try {
    answer = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
  } catch (cause) {
    throw tokenError(subject, 'token server sends no JSON', cause instanceof Error ? cause.message : '')
  }
  const text = answer?.['token'] ?? answer?.['access_token']
  // What goes into a header must not end it.
  if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text))
    throw tokenError(subject, 'token server sends no token')
  const seconds = answer['expires_in']
  const good = typeof seconds === 'number' && seconds > 0 ? seconds : DEFAULT_SECONDS
  return { text, lifetimeMs: good * 1000 }
}

function tokenError(
  subject: string,
  problem: string,
  got?: string,
  limit?: string,
  credential?: Credential,
): ImagesTarError {
  return new ImagesTarError('ROS_IMAGES_TAR_AUTH', problem, {
    subject,
    ...(got !== undefined && { got }),
    ...(limit !== undefined && { limit }),
    ...(credential && { hint: 'are the credentials right? `docker login` renews them' }),
  })
}
