import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileSource, sha256 } from '@ros/bytes/node'

/** What machines start from over HTTP; nothing else of the folder is given out. */
const SERVED: Readonly<Record<string, string>> = {
  vmlinuz: 'application/octet-stream',
  initrd: 'application/octet-stream',
  'rancheros.ipxe': 'text/plain; charset=utf-8',
  'rancheros.iso': 'application/x-iso9660-image',
  SHA256SUMS: 'text/plain; charset=utf-8',
}

export interface ArtifactServerOptions {
  readonly folder: string
  /** Called for each answer: `10.0.2.15 GET /initrd 200`. */
  readonly onAnswer?: (line: string) => void
}

/**
 * A server of a build's artifacts: GET and HEAD, single ranges (RFC 9110, §14), and the SHA-256 of each file as its entity tag and as
 * `Repr-Digest` (RFC 9530). Files are read as they are when they are asked for.
 */
export function artifactServer({ folder, onAnswer }: ArtifactServerOptions): Server {
  const digests = new Map<string, Promise<string>>()
  const digestOf = (path: string, key: string) => {
    const known =
      digests.get(key) ?? sha256(fileSource(path)).then((digest) => digest.slice('sha256:'.length))
    digests.set(key, known)
    return known
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = (request.url ?? '').split('?')[0]?.slice(1) ?? ''
    const type = Object.hasOwn(SERVED, name) ? SERVED[name] : undefined
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, { Allow: 'GET, HEAD' })
    if (type === undefined) return refuse(response, 404)
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) return refuse(response, 404)
    const digest = await digestOf(path, `${name} ${found.size} ${found.mtimeMs}`)
    const etag = `"${digest}"`
    const headers = {
      'Content-Type': type,
      'Accept-Ranges': 'bytes',
      ETag: etag,
      'Repr-Digest': `sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`,
    }
    if (request.headers['if-none-match'] === etag) return refuse(response, 304, headers)
    const range = rangeOf(request, etag, found.size)
    if (range === 'unsatisfiable') return refuse(response, 416, { 'Content-Range': `bytes */${found.size}` })
    const { start, end } = range ?? { start: 0, end: found.size - 1 }
    response.writeHead(range ? 206 : 200, {
      ...headers,
      'Content-Length': end - start + 1,
      ...(range && { 'Content-Range': `bytes ${start}-${end}/${found.size}` }),
    })
    if (request.method === 'HEAD' || found.size === 0) response.end()
    else await pipeline(createReadStream(path, { start, end }), response)
  }
  return createServer((request, response) => {
    answer(request, response)
      // Whoever hangs up in the middle, or a file that goes away, ends this answer only.
      .catch(() => response.destroy())
      .finally(() =>
        onAnswer?.(`${request.socket.remoteAddress} ${request.method} ${request.url} ${response.statusCode}`),
      )
  })
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end()
}

/** One range of bytes; more than one, or another unit, is answered with the whole, as it may be. */
function rangeOf(
  { headers }: IncomingMessage,
  etag: string,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const { range } = headers
  const condition = headers['if-range']
  if (range === undefined || (condition !== undefined && condition !== etag)) return undefined
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  const start = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first === '' && Number(last) === 0) return 'unsatisfiable'
  if (start >= size) return 'unsatisfiable'
  return end < start ? undefined : { start, end }
}
