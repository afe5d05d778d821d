import { createMessage, enums, generateKey, type PrivateKey, revokeKey, sign } from 'openpgp'
import { expect, test } from 'vitest'
import { readKeyring } from './keyring.ts'
import { verifyCleartext, verifyDetached } from './verify.ts'

const made = new Date('2026-01-01T00:00:00Z')
const now = new Date('2026-02-01T00:00:00Z')
const makeKey = async () =>
  (await generateKey({ userIDs: [{ name: 'test' }], date: made, format: 'object' })).privateKey
const key = await makeKey()
const content = new TextEncoder().encode('abc  file\n')
const keyringOf = (given: PrivateKey) => readKeyring(given.toPublic().write(), 'keys.gpg')

const detached = async (armored: boolean): Promise<Uint8Array> => {
  const message = await createMessage({ binary: content })
  const options = { message, signingKeys: key, detached: true, date: made } as const
  return armored
    ? new TextEncoder().encode(await sign({ ...options, format: 'armored' }))
    : await sign({ ...options, format: 'binary' })
}

test.each([true, false])('a signature in a file of its own, armored %s', async (armored) => {
  const options = { keyring: await keyringOf(key), subject: 'list', now }
  const result = await verifyDetached(content, await detached(armored), options)
  expect(result.fingerprint).toBe(key.getFingerprint().toUpperCase())
  expect(result.signedAt).toEqual(made)
  const other = new TextEncoder().encode('abd  file\n')
  await expect(verifyDetached(other, await detached(armored), options)).rejects.toMatchObject({
    code: 'ROS_OPENPGP_SIGNATURE',
    subject: 'list',
  })
  await expect(verifyDetached(content, content, options)).rejects.toMatchObject({
    code: 'ROS_OPENPGP_SIGNATURE',
  })
})

test('a revoked key is good for nothing', async () => {
  const { publicKey } = await revokeKey({
    key,
    reasonForRevocation: { flag: enums.reasonForRevocation.keyCompromised },
    date: made,
    format: 'object',
  })
  const keyring = await readKeyring(publicKey.write(), 'keys.gpg')
  await expect(
    verifyDetached(content, await detached(true), { keyring, subject: 'list', now }),
  ).rejects.toMatchObject({ code: 'ROS_OPENPGP_SIGNATURE' })
})

test('keyrings: armored, several one after the other, binary, and none', async () => {
  const second = await makeKey()
  const armored = key.toPublic().armor() + second.toPublic().armor()
  expect((await readKeyring(new TextEncoder().encode(armored), 'a')).keys).toHaveLength(2)
  const binary = Buffer.concat([key.toPublic().write(), second.toPublic().write()])
  expect((await readKeyring(binary, 'b')).keys).toHaveLength(2)
  for (const bytes of [
    new Uint8Array(),
    content,
    new TextEncoder().encode('-----BEGIN PGP PUBLIC KEY BLOCK-----'),
  ])
    await expect(readKeyring(bytes, 'c')).rejects.toMatchObject({ code: 'ROS_OPENPGP_KEYRING', subject: 'c' })
})

test('a private key in a keyring counts as its public half', async () => {
  const { keys } = await readKeyring(key.write(), 'secret.gpg')
  expect(keys[0]?.isPrivate()).toBe(false)
})

test('text that is not signed', async () => {
  const options = { keyring: await keyringOf(key), subject: 'list', now }
  await expect(verifyCleartext(content, options)).rejects.toMatchObject({ code: 'ROS_OPENPGP_SIGNATURE' })
})
