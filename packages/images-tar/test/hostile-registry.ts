import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { MEDIA } from '../src/manifest.ts'

export const digestOf = (bytes: Uint8Array) =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}` as const
const bytesOf = (value: object) => new TextEncoder().encode(JSON.stringify(value))

/** What a registry holds: content by digest, and the manifest of the tag `v1`. */
export interface Content {
  readonly blobs: Map<string, Uint8Array>
  readonly manifest: Uint8Array
  readonly layer: string
  readonly config: string
}

/** An image of one layer as a registry has it; any part may be given otherwise than it should be. */
export function content(
  tar: Uint8Array,
  wrong: {
    readonly layer?: Uint8Array
    readonly diffId?: string
    readonly size?: number
    readonly manifest?: object
  } = {},
): Content {
  const layer = wrong.layer ?? gzipSync(tar)
  const config = bytesOf({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [wrong.diffId ?? digestOf(tar)] },
  })
  const manifest = bytesOf({
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: { mediaType: MEDIA.ociConfig, digest: digestOf(config), size: config.length },
    layers: [
      { mediaType: `${MEDIA.ociLayer}+gzip`, digest: digestOf(layer), size: wrong.size ?? layer.length },
    ],
    ...wrong.manifest,
  })
  const blobs = new Map([layer, config].map((bytes) => [digestOf(bytes) as string, bytes]))
  return { blobs, manifest, layer: digestOf(layer), config: digestOf(config) }
}

export type Answer = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

export interface HostileRegistry {
  readonly host: string
  readonly requests: string[]
  stop(): Promise<void>
}

/** A registry on loopback that does as it should, but for what `answer` takes over (by not calling `next`). */
export async function startHostile(held: Content, answer: Answer): Promise<HostileRegistry> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response, () => serve(held, request, response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function serve(held: Content, request: IncomingMessage, response: ServerResponse): void {
  const { url = '', headers } = request
  if (url === '/v2/') return void response.end('{}')
  if (url.includes('/manifests/')) {
    const named = url.split('/manifests/')[1]
    if (named !== 'v1' && named !== digestOf(held.manifest)) return void response.writeHead(404).end()
    return void response.writeHead(200, { 'content-type': MEDIA.ociManifest }).end(held.manifest)
  }
  const bytes = held.blobs.get(url.split('/blobs/')[1] ?? '')
  if (!bytes) return void response.writeHead(404).end()
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
  if (start === 0) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`
  response.writeHead(206, { 'content-range': range, 'content-length': bytes.length - start })
  response.end(bytes.subarray(start))
}
