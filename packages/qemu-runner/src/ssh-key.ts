import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { QemuRunnerError } from './error.ts'
import { replaceText } from './replace-text.ts'

const KEY_TYPE = 'ssh-ed25519'
/** Cipher block size of an unencrypted key (PROTOCOL.key, section 3). */
const PADDING_BYTES = 8

/** A key pair as text. */
export interface KeyPair {
  /** OpenSSH private key file as text, without a passphrase. */
  readonly privateKey: string
  /** One line for `authorized_keys`: type, base64, comment; no line end. */
  readonly publicKey: string
}

/** A key pair and its files. */
export interface KeyFiles extends KeyPair {
  readonly privateKeyFile: string
  readonly publicKeyFile: string
}

/** A new ed25519 key pair in OpenSSH's format (openssh-portable PROTOCOL.key; RFC 8709 §4 for the public key). */
export function generateKeyPair(comment = ''): KeyPair {
  if (/[\0-\x1f\x7f]/.test(comment)) {
    throw new QemuRunnerError('ROS_SSH_KEY', 'control character in a comment', {
      subject: 'key comment',
      got: JSON.stringify(comment),
    })
  }
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const publicBytes = Buffer.from(jwk.x ?? '', 'base64url')
  const seed = Buffer.from(jwk.d ?? '', 'base64url')
  const publicBlob = Buffer.concat([sshString(KEY_TYPE), sshString(publicBytes)])
  const check = randomBytes(4)
  const secrets = Buffer.concat([
    check,
    check,
    publicBlob,
    sshString(Buffer.concat([seed, publicBytes])),
    sshString(comment),
  ])
  const paddingLength = (PADDING_BYTES - (secrets.length % PADDING_BYTES)) % PADDING_BYTES
  const padding = Buffer.from(Array.from({ length: paddingLength }, (_, index) => index + 1))
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    sshString('none'), // cipher
    sshString('none'), // key derivation
    sshString(''), // its options
    uint32(1),
    sshString(publicBlob),
    sshString(Buffer.concat([secrets, padding])),
  ])
  const lines = file.toString('base64').match(/.{1,70}/g) ?? []
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: publicLine(publicBlob, comment),
  }
}

/**
 * The key pair `id_ed25519` and `id_ed25519.pub` of a directory, made if it is not there. The private file has mode
 * 0600 and appears whole or not at all, and once only when several processes ask at the same time. Throws
 * `ROS_SSH_KEY` for a file that is no private key without passphrase.
 */
export async function ensureKeyPair(directory: string, comment: string): Promise<KeyFiles> {
  const privateKeyFile = join(directory, 'id_ed25519')
  const publicKeyFile = `${privateKeyFile}.pub`
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const present = await readIfThere(privateKeyFile)
  const privateKey = present ?? (await publishOnce(privateKeyFile, generateKeyPair(comment).privateKey))
  const publicKey = publicKeyOf(privateKey, privateKeyFile)
  // ssh programs refuse a private key that others may read.
  if ((await stat(privateKeyFile)).mode % 0o100 !== 0) await chmod(privateKeyFile, 0o600)
  if ((await readIfThere(publicKeyFile)) !== `${publicKey}\n`) {
    await replaceText(publicKeyFile, `${publicKey}\n`, 0o644)
  }
  return { privateKey, publicKey, privateKeyFile, publicKeyFile }
}

/** Puts the file there unless another process was quicker; gives what is there. */
async function publishOnce(path: string, text: string): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    await writeFile(temporary, text, { mode: 0o600, flag: 'wx', flush: true })
    await link(temporary, path)
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return await readFile(path, 'utf8')
  } finally {
    await rm(temporary, { force: true })
  }
}

function publicKeyOf(privateKey: string, path: string): string {
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error || !key.isPrivateKey()) {
    throw new QemuRunnerError('ROS_SSH_KEY', 'not a private key that can be used', {
      subject: path,
      got: key instanceof Error ? key.message : 'a public key',
      hint: 'remove the file: a new key pair is then made',
    })
  }
  return publicLine(key.getPublicSSH(), key.comment, key.type)
}

function publicLine(blob: Uint8Array, comment: string, type = KEY_TYPE): string {
  return `${type} ${Buffer.from(blob).toString('base64')}${comment === '' ? '' : ` ${comment}`}`
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** RFC 4251 §5, string: length in four bytes, then the bytes. */
function sshString(content: string | Uint8Array): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
