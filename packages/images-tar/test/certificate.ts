import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate for 127.0.0.1 and registry.test, signed by an authority that was made for it and is gone with it. */
export interface TestCertificate {
  /** Folder with `ca.crt`, which skopeo takes with `--cert-dir`. */
  readonly folder: string
  readonly ca: string
  /** Files, PEM. */
  readonly certificate: string
  readonly key: string
  remove(): Promise<void>
}

export async function makeCertificate(): Promise<TestCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'ros-ca-'))
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', timeout: 60_000 })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  )
  openssl('req', ...newKey, '-keyout', 'server.pem', '-out', 'server.csr', '-subj', '/CN=127.0.0.1')
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:registry.test\n')
  const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2']
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.cert', ...signing)
  // skopeo takes `.key` and `.cert` in its folder for a client's.
  const server = await mkdtemp(join(tmpdir(), 'ros-tls-'))
  const pem = { certificate: join(server, 'certificate.pem'), key: join(server, 'key.pem') }
  await writeFile(pem.certificate, await readFile(file('server.cert')))
  await writeFile(pem.key, await readFile(file('server.pem')))
  for (const name of ['ca.key', 'server.pem', 'server.csr', 'server.cert', 'names', 'ca.srl'])
    await rm(file(name), { force: true })
  return {
    folder,
    ca: await readFile(file('ca.crt'), 'utf8'),
    ...pem,
    remove: async () => {
      for (const each of [folder, server]) await rm(each, { recursive: true, force: true })
    },
  }
}
