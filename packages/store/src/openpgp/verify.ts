import type { VerifyMessageResult } from 'openpgp'
import { StoreError } from '../error.ts'
import type { Keyring } from './keyring.ts'

/** Keys, time and subject of a verification. */
export interface VerifyOptions {
  readonly keyring: Keyring
  /** What was signed, for errors. */
  readonly subject: string
  /** Against which keys and signatures expire. */
  readonly now: Date
}

/** Who signed what, proven. */
export interface Signed {
  readonly content: Uint8Array
  /** Fingerprint of the primary key, upper-case hexadecimal. */
  readonly fingerprint: string
  readonly signedAt: Date
}

/**
 * The text of a cleartext-signed document (RFC 9580 §7), which one key of the keyring signed; what stands around the signed part
 * is not in it. Signatures of keys that the keyring lacks do not count. Throws `ROS_OPENPGP_SIGNATURE` when none holds: wrong
 * content, expired signature, expired or revoked key, no such key.
 */
export async function verifyCleartext(bytes: Uint8Array, options: VerifyOptions): Promise<Signed> {
  const { readCleartextMessage, verify } = await import('openpgp')
  const cleartextMessage = new TextDecoder().decode(bytes)
  try {
    const message = await readCleartextMessage({ cleartextMessage })
    const verificationKeys = [...options.keyring.keys]
    const { data, signatures } = await verify({ message, verificationKeys, date: options.now })
    return await firstGood(new TextEncoder().encode(data), signatures, options)
  } catch (cause) {
    throw signatureError(options, cause)
  }
}

/** As `verifyCleartext`, for content with its signature in another file, binary or armored. */
export async function verifyDetached(
  content: Uint8Array,
  signature: Uint8Array,
  options: VerifyOptions,
): Promise<Signed> {
  const { createMessage, readSignature, verify } = await import('openpgp')
  const armored = new TextDecoder().decode(signature.subarray(0, 64)).trimStart().startsWith('-----BEGIN PGP')
  try {
    const { signatures } = await verify({
      message: await createMessage({ binary: content }),
      signature: await (armored
        ? readSignature({ armoredSignature: new TextDecoder().decode(signature) })
        : readSignature({ binarySignature: signature })),
      verificationKeys: [...options.keyring.keys],
      date: options.now,
      format: 'binary',
    })
    return await firstGood(content, signatures, options)
  } catch (cause) {
    throw signatureError(options, cause)
  }
}

async function firstGood(
  content: Uint8Array,
  signatures: VerifyMessageResult['signatures'],
  { keyring, now }: VerifyOptions,
): Promise<Signed> {
  const reasons: string[] = []
  for (const { verified, signature, keyID } of signatures) {
    try {
      await verified
      const key = keyring.keys.find((one) => one.getKeys(keyID).length > 0)
      if (!key) throw new Error(`no key ${keyID.toHex()} in the keyring`)
      // openpgp asks whether the key was good when it signed; an expired or revoked one is not good for anything new.
      await key.verifyPrimaryKey(now)
      const signedAt = (await signature).packets[0]?.created
      if (!signedAt) throw new Error('signature without a time')
      return { content, fingerprint: key.getFingerprint().toUpperCase(), signedAt }
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new Error(reasons.join('; ') || 'no signature')
}

function signatureError({ subject, keyring }: VerifyOptions, cause: unknown): StoreError {
  return new StoreError('ROS_OPENPGP_SIGNATURE', 'not signed by a key that is trusted for it', {
    subject,
    got: cause instanceof Error ? cause.message : String(cause),
    limit: `a valid signature by one of ${keyring.keys.length} keys of ${keyring.name}`,
    hint: 'do not use it; when the keyring is old, get the newer one of its publisher',
    cause,
  })
}
