import { open, rm, stat, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { limited, RosError } from '@ros/bytes'
import { type Digest, writeChunks } from '@ros/bytes/node'
import { StoreError } from '../error.ts'
import type { Store, StoredSource } from '../store.ts'
import type { Http, HttpResponse } from './http.ts'
import { isTransient } from './retry.ts'
import { statusError } from './status.ts'

/** What is to be fetched, by its digest. */
export interface Download {
  readonly digest: Digest
  /** Bytes, where known before. */
  readonly size?: number
  /** Most bytes that are taken when `size` is not known; default 16 GiB. */
  readonly maxSize?: number
  /** What it is, for errors. */
  readonly subject: string
  /** Where it is to be had, tried in this order. */
  readonly from: readonly DownloadSource[]
  readonly signal?: AbortSignal
  /** Bytes there so far, and in all where known. */
  readonly onProgress?: (done: number, total: number | undefined) => void
}

/** Where a download may come from. */
export interface DownloadSource {
  /** For messages. */
  readonly name: string
  /** Asks for the content; the headers may be those of a range. */
  open(headers: Readonly<Record<string, string>>): Promise<HttpResponse>
}

/** A source that is one address. */
export function urlSource(http: Http, url: string): DownloadSource {
  return { name: url, open: (headers) => http.request({ url, headers }) }
}

/** Bytes that a try must bring to count as a step forward: a server that drips is not waited for again and again. */
const PROGRESS = 65_536
/** Tries without such a step before the next source is asked. */
const MAX_IDLE_TRIES = 3
/** Tries with one source, whatever they bring. */
const MAX_TRIES = 25
const PAUSE_MS = 100
const MAX_SIZE = 16 * 1024 ** 3

/**
 * Content by its digest: from the store, else downloaded into it. A download that ends early is gone on with, in this run and
 * in later ones, by range requests (RFC 9110 §14). What is complete and not what the digest says is thrown away; when
 * part of it was there before, it is fetched anew once; then the next source is asked. Nothing is in the store that is not proven.
 */
export async function download(store: Store, wanted: Download): Promise<StoredSource> {
  if (await store.has(wanted.digest, wanted.size)) return store.source(wanted.digest, wanted.size)
  const path = await store.partials.take(wanted.digest)
  let failure: unknown = nowhere(wanted)
  for (const source of wanted.from) {
    try {
      return await fetchFrom(source, path, store, wanted)
    } catch (error) {
      failure = error
      if (wanted.signal?.aborted || !(error instanceof RosError)) break
    }
  }
  // What is too long is not what was wanted, however much of it there is.
  const useful = isTransient(failure) || (failure as Partial<StoreError>).code === 'ROS_HTTP_STATUS'
  if (useful || wanted.signal?.aborted) await store.partials.keep(path, wanted.digest)
  else await rm(path, { force: true })
  throw failure
}

async function fetchFrom(
  source: DownloadSource,
  path: string,
  store: Store,
  wanted: Download,
): Promise<StoredSource> {
  const resumed = (await sizeOf(path)) > 0
  await fill(path, source, wanted)
  try {
    return await store.adopt(path, wanted)
  } catch (error) {
    if (!resumed || !(error instanceof RosError)) throw error
    await fill(path, source, wanted)
    return await store.adopt(path, wanted)
  }
}

/** Fetches until the file is as long as the content. */
async function fill(path: string, source: DownloadSource, wanted: Download): Promise<void> {
  let etag: string | undefined
  let idle = 0
  for (let tries = 1; ; tries++) {
    wanted.signal?.throwIfAborted()
    const before = await sizeOf(path)
    if (wanted.size !== undefined && before === wanted.size) return
    const range: Record<string, string> = before > 0 ? { range: `bytes=${before}-` } : {}
    // Weak tags may not be compared for ranges (RFC 9110 §13.1.5).
    const condition: Record<string, string> = before > 0 && etag ? { 'if-range': etag } : {}
    const response = await source.open({ ...range, ...condition })
    const answered = response.header('etag')
    etag = answered?.startsWith('"') ? answered : undefined
    if (response.status === 416 && before > 0) {
      response.discard()
      // Whole already, or longer than the content.
      if (wanted.size === undefined && rangeTotal(response) === before) return
      await truncate(path, 0)
      if (++idle >= MAX_IDLE_TRIES) throw await statusError(response)
      continue
    }
    if (response.status !== 200 && response.status !== 206) throw await statusError(response)
    try {
      await append(path, response, before, wanted)
      return
    } catch (error) {
      if (wanted.signal?.aborted || !isTransient(error)) throw error
      idle = (await sizeOf(path)) >= before + PROGRESS ? 0 : idle + 1
      if (idle >= MAX_IDLE_TRIES || tries >= MAX_TRIES) throw error
      await sleep(PAUSE_MS * 2 ** idle)
    }
  }
}

async function append(path: string, response: HttpResponse, before: number, wanted: Download): Promise<void> {
  const start = response.status === 206 ? rangeStart(response) : 0
  if (start > before) {
    response.discard()
    throw new StoreError('ROS_HTTP_CUT', 'server sends another range than asked for', {
      subject: wanted.subject,
      got: `from byte ${start}`,
      limit: `from byte ${before}`,
    })
  }
  const limit = wanted.size ?? wanted.maxSize ?? MAX_SIZE
  const total = wanted.size ?? (response.size === undefined ? undefined : start + response.size)
  if (total !== undefined && start + (response.size ?? 0) > limit) {
    response.discard()
    throw tooLong(wanted, start + (response.size ?? 0), limit)
  }
  const handle = await open(path, 'a', 0o644)
  try {
    await handle.truncate(start)
    const counted = limited(response.body, limit - start, (size) => tooLong(wanted, start + size, limit))
    await writeChunks(handle, counted, wanted.subject, (written) =>
      wanted.onProgress?.(start + written, total),
    )
    const done = (await handle.stat()).size
    if (wanted.size !== undefined && done < wanted.size) {
      throw new StoreError('ROS_HTTP_CUT', 'the body ended early', {
        subject: wanted.subject,
        got: `${done} bytes`,
        limit: `${wanted.size} bytes`,
      })
    }
  } finally {
    response.discard()
    await handle.close()
  }
}

/** First byte of `Content-Range: bytes FIRST-LAST/TOTAL`. */
function rangeStart(response: HttpResponse): number {
  const [, first] =
    /^bytes (\d{1,15})-\d{1,15}\/(?:\d{1,15}|\*)$/.exec(response.header('content-range') ?? '') ?? []
  return first === undefined ? Number.MAX_SAFE_INTEGER : Number(first)
}

function rangeTotal(response: HttpResponse): number | undefined {
  const [, total] = /^bytes \*\/(\d{1,15})$/.exec(response.header('content-range') ?? '') ?? []
  return total === undefined ? undefined : Number(total)
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    (status) => status.size,
    () => 0,
  )
}

function tooLong(wanted: Download, got: number, limit: number): StoreError {
  return new StoreError('ROS_HTTP_SIZE', 'content is longer than it may be', {
    subject: wanted.subject,
    got: `${got} bytes${wanted.size === undefined ? '' : ' or more'}`,
    limit: `${limit} bytes`,
  })
}

function nowhere(wanted: Download): StoreError {
  return new StoreError('ROS_HTTP_CONNECT', 'no source has it', {
    subject: wanted.subject,
    got: wanted.from.map(({ name }) => name).join(', ') || 'no sources',
  })
}
