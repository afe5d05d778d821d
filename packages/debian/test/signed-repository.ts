import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import {
  CleartextMessage,
  config,
  createCleartextMessage,
  enums,
  generateKey,
  LiteralDataPacket,
  PacketList,
  type PrivateKey,
  Signature,
  SignaturePacket,
  sign,
} from 'openpgp'

export interface SigningKey {
  readonly private: PrivateKey
  /** As a keyring. */
  readonly public: Uint8Array
}

/** A key made for a test. `seconds`: how long it is good, from `made`. */
export async function signingKey(made: Date, seconds?: number): Promise<SigningKey> {
  const { privateKey } = await generateKey({
    userIDs: [{ name: 'test', email: 'test@example.invalid' }],
    date: made,
    format: 'object',
    ...(seconds !== undefined && { keyExpirationTime: seconds }),
  })
  return { private: privateKey, public: privateKey.toPublic().write() }
}

export interface ReleaseFields {
  readonly suite?: string
  readonly codename?: string
  readonly date: Date
  readonly validUntil?: Date
  readonly more?: string
}

/** A small archive in memory: packages, their list, and a signed InRelease, changed at will and served on loopback. */
export class SignedRepository {
  /** By path below the server's root. */
  readonly files = new Map<string, Buffer>()
  readonly requests: string[] = []
  /** Answers itself and gives true, or leaves the request to the files. */
  answer: (path: string, request: IncomingMessage, response: ServerResponse) => boolean = () => false
  #server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '').slice(1)
    this.requests.push(path)
    if (this.answer(path, request, response)) return
    const content = this.files.get(path)
    if (content) response.end(content)
    else response.writeHead(404).end()
  })

  async open(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  /** Puts a package into the pool and gives its stanza. */
  addPackage(name: string, depends = '', architecture = 'amd64'): string {
    const content = Buffer.from(`the package ${name} for ${architecture}`)
    const filename = `pool/${name}_1_${architecture}.deb`
    this.files.set(`debian/${filename}`, content)
    const fields = [
      `Package: ${name}`,
      'Version: 1',
      `Architecture: ${architecture}`,
      ...(depends === '' ? [] : [`Depends: ${depends}`]),
      `Filename: ${filename}`,
      `Size: ${content.length}`,
      `SHA256: ${sha256(content)}`,
    ]
    return `${fields.join('\n')}\n`
  }

  /** Writes the list of packages and a Release file over it, signed. */
  async publish(key: SigningKey, packages: string, fields: ReleaseFields): Promise<void> {
    const plain = Buffer.from(packages)
    const packed = gzipSync(plain)
    const folder = 'main/binary-amd64'
    this.files.set(`debian/dists/stable/${folder}/Packages.gz`, packed)
    const lines = [
      'Origin: Test',
      `Suite: ${fields.suite ?? 'stable'}`,
      `Codename: ${fields.codename ?? 'cosmic'}`,
      `Date: ${fields.date.toUTCString().replace('GMT', 'UTC')}`,
      ...(fields.validUntil ? [`Valid-Until: ${fields.validUntil.toUTCString().replace('GMT', 'UTC')}`] : []),
      'Architectures: amd64',
      'Components: main',
      ...(fields.more ? [fields.more] : []),
      'SHA256:',
      ` ${sha256(plain)} ${plain.length} ${folder}/Packages`,
      ` ${sha256(packed)} ${packed.length} ${folder}/Packages.gz`,
    ]
    this.files.set('debian/dists/stable/InRelease', await signed(`${lines.join('\n')}\n`, key, fields.date))
  }
}

/** Text as a cleartext-signed message. */
export async function signed(text: string, key: SigningKey, date: Date): Promise<Buffer> {
  const message = await createCleartextMessage({ text })
  return Buffer.from(await sign({ message, signingKeys: key.private, date }))
}

/** As `signed`, with a signature that is good for so many seconds. openpgp.js makes none such by itself. */
export async function expiring(text: string, key: SigningKey, date: Date, seconds: number): Promise<Buffer> {
  const signingKey = await key.private.getSigningKey(undefined, date)
  const packet = new SignaturePacket()
  Object.assign(packet, {
    version: 4,
    signatureType: enums.signature.text,
    publicKeyAlgorithm: signingKey.keyPacket.algorithm,
    hashAlgorithm: enums.hash.sha512,
    created: date,
    signatureNeverExpires: false,
    signatureExpirationTime: seconds,
    issuerKeyID: signingKey.getKeyID(),
  })
  const literal = new (LiteralDataPacket as unknown as new (date: Date) => TextPacket)(date)
  literal.setText(text.trimEnd().replaceAll('\n', '\r\n'), enums.literal.utf8)
  await (packet as unknown as Signer).sign(signingKey.keyPacket, literal, date, true, config)
  const list = new PacketList<SignaturePacket>()
  list.push(packet)
  const message = new (CleartextMessage as unknown as CleartextConstructor)(
    text.trimEnd(),
    new Signature(list),
  )
  return Buffer.from(message.armor())
}

// What openpgp.js has and does not declare.
interface TextPacket {
  setText(text: string, format: number): void
}
interface Signer {
  sign(key: unknown, data: TextPacket, date: Date, detached: boolean, settings: unknown): Promise<void>
}
type CleartextConstructor = new (text: string, signature: Signature) => CleartextMessage

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
