import { collect } from '@ros/bytes'
import { type Pack, pack } from 'tar-stream'

export type Headers = Parameters<Pack['entry']>[0]

/** A tar archive as another implementation writes it. */
export async function tarArchive(entries: readonly (Headers & { body?: Uint8Array | string })[]) {
  const archive = pack()
  for (const { body, ...header } of entries) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body ?? [])
    archive.entry({ mtime: new Date(0), uid: 0, gid: 0, ...header }, bytes)
  }
  archive.finalize()
  // Its types take the stream of an older Node.
  return collect(archive as unknown as AsyncIterable<Uint8Array>, 100_000_000)
}

/** One header block with its checksum put right after `change`; for what no archiver would write. */
export function patchedHeader(block: Uint8Array, change: (block: Buffer) => void): Uint8Array {
  const patched = Buffer.from(block)
  change(patched)
  patched.fill(0x20, 148, 156)
  const sum = patched.reduce((total, byte) => total + byte, 0)
  patched.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return patched
}

/** An ar archive of members in this order, as deb(5) wants it. */
export function arArchive(members: readonly (readonly [name: string, content: Uint8Array | string])[]) {
  const parts = members.flatMap(([name, content]) => {
    const bytes = Buffer.from(content as string)
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`
    return [Buffer.from(header), bytes, Buffer.from(bytes.length % 2 ? '\n' : '')]
  })
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}

/** A whole .deb with these files, nothing compressed. */
export async function plainDeb(data: Uint8Array, control = 'Package: test\nVersion: 1\nArchitecture: all\n') {
  const controlTar = await tarArchive([{ name: './control', body: control }])
  return arArchive([
    ['debian-binary', '2.0\n'],
    ['control.tar', controlTar],
    ['data.tar', data],
  ])
}
