import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { QemuRunnerError } from './error.ts'
import { replaceText } from './replace-text.ts'

/**
 * Name under which a machine's key stands in its file. The address cannot be the name, since the port changes; ssh
 * takes it as `-o HostKeyAlias=rancheros -o UserKnownHostsFile=FILE`.
 */
const HOST_ALIAS = 'rancheros'

/** The host keys recorded for a machine, in their wire form (RFC 4253 §6.6); none when the file is not there. */
export async function readHostKeys(knownHostsFile: string): Promise<Uint8Array[]> {
  let text: string
  try {
    text = await readFile(knownHostsFile, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const keys: Uint8Array[] = []
  for (const line of text.split('\n')) {
    const [alias, type, base64] = line.trim().split(/\s+/)
    if (alias === HOST_ALIAS && type !== undefined && base64 !== undefined)
      keys.push(Buffer.from(base64, 'base64'))
  }
  return keys
}

/** Records a machine's first key. */
export async function recordHostKey(knownHostsFile: string, key: Uint8Array): Promise<void> {
  const line = `${HOST_ALIAS} ${keyType(key)} ${Buffer.from(key).toString('base64')}\n`
  await replaceText(knownHostsFile, line, 0o600)
}

export function sameKey(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

/** As OpenSSH prints it: SHA-256 in base64 without padding. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

export function hostKeyError(
  address: string,
  knownHostsFile: string,
  got: Uint8Array,
  known: readonly Uint8Array[],
): QemuRunnerError {
  return new QemuRunnerError('ROS_SSH_HOST_KEY', 'machine shows another host key than before', {
    subject: address,
    got: fingerprint(got),
    limit: `recorded: ${known.map(fingerprint).join(', ')}`,
    hint:
      'if the machine was made anew or its state disk was emptied, remove ' +
      `${knownHostsFile}; otherwise something else answers on this port`,
  })
}

/** Type of a key in wire form: its first string. */
function keyType(key: Uint8Array): string {
  const bytes = Buffer.from(key)
  return bytes.toString('latin1', 4, 4 + bytes.readUInt32BE(0))
}
