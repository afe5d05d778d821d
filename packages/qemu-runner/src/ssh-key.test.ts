import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { expect, test } from 'vitest'
import { inDirectory } from './guest.fixture.ts'
import { ensureKeyPair, generateKeyPair } from './index.ts'

const mode = async (path: string) => (await stat(path)).mode % 0o1000

test('ssh-keygen takes the keys and derives the same public key, whatever the comment', async () => {
  await inDirectory(async (directory) => {
    // Every comment length, so that every length of the padding occurs.
    for (let length = 0; length < 9; length++) {
      const comment = 'k'.repeat(length)
      const { privateKey, publicKey } = generateKeyPair(comment)
      const path = join(directory, `key${length}`)
      await writeFile(path, privateKey, { mode: 0o600 })
      const derived = execFileSync('ssh-keygen', ['-y', '-P', '', '-f', path], { encoding: 'utf8' })
      expect(derived).toBe(`${publicKey}\n`)
      expect(publicKey).toMatch(
        new RegExp(`^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}${length > 0 ? ' k+' : ''}$`),
      )
    }
  })
})

test('a hundred keys all sign what their public half verifies', () => {
  const message = Buffer.from('message')
  const seen = new Set<string>()
  for (let index = 0; index < 100; index++) {
    const { privateKey, publicKey } = generateKeyPair('a comment')
    const [secret, open] = [ssh2.utils.parseKey(privateKey), ssh2.utils.parseKey(publicKey)]
    if (secret instanceof Error || open instanceof Error) throw new Error('a key cannot be read')
    expect(open.verify(message, secret.sign(message))).toBe(true)
    seen.add(publicKey)
  }
  expect(seen.size).toBe(100)
})

test('a comment is one line', () => {
  expect(() => generateKeyPair('a\nb')).toThrow(expect.objectContaining({ code: 'ROS_SSH_KEY' }))
})

test('a pair is made once, private to its user, and read again', async () => {
  await inDirectory(async (directory) => {
    const keys = join(directory, 'deep/keys')
    const first = await ensureKeyPair(keys, 'me here')
    expect(first.privateKeyFile).toBe(join(keys, 'id_ed25519'))
    expect(await mode(keys)).toBe(0o700)
    expect(await mode(first.privateKeyFile)).toBe(0o600)
    expect(await readFile(first.publicKeyFile, 'utf8')).toBe(`${first.publicKey}\n`)
    expect(first.publicKey).toMatch(/ me here$/)
    expect(await ensureKeyPair(keys, 'another comment')).toEqual(first)
    expect((await readdir(keys)).sort()).toEqual(['id_ed25519', 'id_ed25519.pub'])
  })
})

test('a lost public key comes back, an open private key is closed', async () => {
  await inDirectory(async (directory) => {
    const first = await ensureKeyPair(directory, 'c')
    await unlink(first.publicKeyFile)
    await chmod(first.privateKeyFile, 0o644)
    expect(await ensureKeyPair(directory, 'c')).toEqual(first)
    expect(await readFile(first.publicKeyFile, 'utf8')).toBe(`${first.publicKey}\n`)
    expect(await mode(first.privateKeyFile)).toBe(0o600)
  })
})

test('many at the same time get the same pair', async () => {
  await inDirectory(async (directory) => {
    const all = await Promise.all(Array.from({ length: 12 }, () => ensureKeyPair(directory, 'c')))
    expect(new Set(all.map(({ privateKey }) => privateKey)).size).toBe(1)
    expect((await readdir(directory)).sort()).toEqual(['id_ed25519', 'id_ed25519.pub'])
  })
})

test.each([
  ['nothing', ''],
  ['text', 'hello\n'],
  ['a public key', `${generateKeyPair().publicKey}\n`],
  ['half a key', generateKeyPair().privateKey.slice(0, 150)],
])('%s in the place of the private key is refused and left alone', async (_, text) => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'id_ed25519')
    await writeFile(path, text)
    await expect(ensureKeyPair(directory, 'c')).rejects.toMatchObject({ code: 'ROS_SSH_KEY', subject: path })
    expect(await readFile(path, 'utf8')).toBe(text)
  })
})

test('a key with a passphrase is refused', async () => {
  await inDirectory(async (directory) => {
    await mkdir(directory, { recursive: true })
    const path = join(directory, 'id_ed25519')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', path])
    await expect(ensureKeyPair(directory, 'c')).rejects.toMatchObject({ code: 'ROS_SSH_KEY' })
  })
})
