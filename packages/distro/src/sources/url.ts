import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { limited } from '@ros/bytes'
import type { Digest } from '@ros/bytes/node'
import {
  download,
  type FetchBytes,
  fetchBytes,
  readKeyring,
  type StoredSource,
  verifyCleartext,
  verifyDetached,
} from '@ros/store'
import { DistroError } from '../error.ts'
import type { LockedContent, LockedInput } from '../lock-schema.ts'
import type { Source } from '../source.ts'
import type { SignedList } from '../source-schema.ts'
import type { SourceContext } from './context.ts'

type UrlSource = Source & { kind: 'url' }

const LIST_LIMIT = 16 * 1024 ** 2
/** The largest file that is taken without its size being known before. */
const FILE_LIMIT = 8 * 1024 ** 3

/** Pins a file on a server: by the recipe's SHA-256, a signed list of checksums, or, when that is allowed, by what comes now. */
export async function lockUrl(context: SourceContext, source: UrlSource): Promise<LockedInput> {
  const name = fileName(source)
  const digest = await expectedDigest(context, source, name)
  const stored = digest
    ? await fetchPinned(context, source, { digest, subject: name })
    : await fetchNew(context, source, name)
  return { content: { name, size: stored.size, digest: stored.digest } }
}

/** Brings what the lock says into the store. */
export function fetchUrl(
  context: SourceContext,
  source: UrlSource,
  { name, size, digest }: LockedContent,
): Promise<StoredSource> {
  return fetchPinned(context, source, { digest, size, subject: name })
}

async function expectedDigest(
  context: SourceContext,
  { sha256, signed }: UrlSource,
  name: string,
): Promise<Digest | undefined> {
  const listed = signed && (await signedDigest(context, signed, name))
  const given: Digest | undefined = sha256 === undefined ? undefined : `sha256:${sha256}`
  if (listed !== undefined && given !== undefined && listed !== given) {
    throw new DistroError('ROS_DISTRO_DIGEST', 'the signed list has another digest than the recipe', {
      subject: name,
      got: listed,
      limit: given,
    })
  }
  return listed ?? given
}

async function fetchPinned(
  { network, store, report, signal }: SourceContext,
  { urls }: UrlSource,
  wanted: { digest: Digest; size?: number; subject: string },
): Promise<StoredSource> {
  if (await store.has(wanted.digest, wanted.size)) return store.source(wanted.digest, wanted.size)
  const text = `downloading ${wanted.subject}`
  return download(store, {
    ...wanted,
    maxSize: FILE_LIMIT,
    from: urls.flatMap((url) => network.sources(url, wanted.subject)),
    ...(signal && { signal }),
    onProgress: (done, total) => report({ step: 'fetch', text, done, ...(total !== undefined && { total }) }),
  })
}

/** What a server gives now, on its word alone. */
async function fetchNew(context: SourceContext, { urls }: UrlSource, name: string): Promise<StoredSource> {
  const { network, store, pinNew, report } = context
  if (!pinNew) {
    throw new DistroError('ROS_DISTRO_UNPINNED', 'nothing says what this file must be', {
      subject: name,
      limit: 'sha256, or a signed list of checksums, in the recipe',
      hint: '`rancheros-kit lock --pin-new` takes what the server gives now and pins that; compare the digest with the publisher’s',
    })
  }
  let failure: unknown
  for (const source of urls.flatMap((url) => network.sources(url, name))) {
    try {
      const response = await source.open({})
      if (response.status === 200) {
        report({ step: 'fetch', text: `downloading ${name}, which is pinned by what comes` })
        return await store.take(limited(response.body, FILE_LIMIT, () => tooLarge(name)))
      }
      response.discard()
      failure = new DistroError('ROS_DISTRO_INPUT', `server answers ${response.status}`, { subject: name })
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function tooLarge(subject: string): DistroError {
  return new DistroError('ROS_DISTRO_LIMIT', 'file is larger than any input may be', {
    subject,
    limit: `${FILE_LIMIT} bytes`,
  })
}

/** The digest that a signed list has for a file name. */
async function signedDigest(context: SourceContext, signed: SignedList, name: string): Promise<Digest> {
  const { network, folder, now } = context
  const keyPath = resolve(folder, signed.keyring)
  const keyBytes = await readFile(keyPath).catch((cause: unknown) => {
    throw new DistroError('ROS_DISTRO_INPUT', 'cannot read the keyring', { subject: keyPath, cause })
  })
  const keyring = await readKeyring(keyBytes, signed.keyring)
  const fetch = (url: string) => {
    const subject = url.slice(url.lastIndexOf('/') + 1)
    const wanted: FetchBytes = { subject, from: network.sources(url, subject), limit: LIST_LIMIT }
    return fetchBytes(wanted)
  }
  const list = await fetch(signed.checksums)
  const options = { keyring, subject: `checksums of ${name}`, now }
  const { content } = signed.signature
    ? await verifyDetached(list, await fetch(signed.signature), options)
    : await verifyCleartext(list, options)
  const found = [...new TextDecoder().decode(content).matchAll(/^([0-9a-f]{64}) [ *](?:.*\/)?(.+?)\r?$/gm)]
    .filter(([, , listed]) => listed === name)
    .map(([, hex]) => hex)
  const [hex, ...others] = new Set(found)
  if (hex !== undefined && others.length === 0) return `sha256:${hex}`
  throw new DistroError(
    'ROS_DISTRO_DIGEST',
    `the signed list has ${hex === undefined ? 'no' : 'more than one'} checksum of the file`,
    {
      subject: name,
      limit: 'lines as sha256sum(1) writes them',
    },
  )
}

/** The last part of the first address. */
function fileName({ urls }: UrlSource): string {
  const [first = ''] = urls
  const path = new URL(first).pathname
  return decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)) || 'download'
}
