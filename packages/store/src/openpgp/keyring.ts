import type { PublicKey } from 'openpgp'
import { StoreError } from '../error.ts'

/** Public keys that are trusted for one purpose. */
export interface Keyring {
  /** What errors call it: its file. */
  readonly name: string
  readonly keys: readonly PublicKey[]
}

/** Reads a keyring, binary or armored, as gpg exports it. Throws `ROS_OPENPGP_KEYRING` for anything else, and for none. */
export async function readKeyring(bytes: Uint8Array, name: string): Promise<Keyring> {
  const { readKeys } = await import('openpgp')
  try {
    const text = Buffer.from(bytes).toString('latin1')
    const armored = /^\s*-----BEGIN PGP PUBLIC KEY BLOCK-----/.test(text)
    const blocks = armored
      ? [...text.matchAll(/-----BEGIN PGP.*?-----END PGP[^\n]*/gs)].map(([one]) => one)
      : []
    const keys = armored
      ? (await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })))).flat()
      : await readKeys({ binaryKeys: bytes })
    if (keys.length > 0) return { name, keys: keys.map((key) => key.toPublic()) }
    throw new Error('no keys')
  } catch (cause) {
    throw new StoreError('ROS_OPENPGP_KEYRING', 'not a keyring', {
      subject: name,
      got: cause instanceof Error ? cause.message : String(cause),
      limit: 'OpenPGP public keys, binary or armored',
      cause,
    })
  }
}
