import { createHash } from 'node:crypto'
import { type ByteSource, RosError } from '@ros/bytes'
import { decompress, detectFormat, MAGIC_SIZE } from '@ros/compress'
import { type DockerSaveFinding, saveFinding } from './lint-rules.ts'
import { archiveError, BLOCK, decodeTarHeader, text } from './tar-header.ts'
import { holdsContent, inside, paxFields, readAt } from './tar-index.ts'

const MAX_EXTENSION = 1_048_576

/** Checks a layer in one pass over its (decompressed) bytes: digest, headers, order of links, whiteouts, end. */
export async function* lintLayer(
  file: ByteSource,
  at: number,
  subject: string,
  diffId: string,
): AsyncGenerator<DockerSaveFinding, void> {
  const format = detectFormat(await readAt(file, 0, Math.min(file.size, MAGIC_SIZE)))
  const walk = new LayerWalk(at, subject)
  const hash = createHash('sha256')
  try {
    for await (const chunk of format === undefined ? file.open() : decompress(file.open(), format)) {
      hash.update(chunk)
      walk.add(chunk)
    }
  } catch (error) {
    if (!(error instanceof RosError) || !error.code.startsWith('ROS_COMPRESS_')) throw error
    yield saveFinding('save/layer-tar', at, subject, error.message)
    return
  }
  const got = `sha256:${hash.digest('hex')}`
  if (got !== diffId) yield saveFinding('save/diff-id', at, subject, `digest ${got}, diff_id ${diffId}`)
  yield* walk.end()
}

interface Extension {
  path?: string
  linkpath?: string
  size?: number
}

/** A tar archive that comes in chunks, header after header; contents are passed over. */
class LayerWalk {
  readonly #at: number
  readonly #subject: string
  readonly #findings: DockerSaveFinding[] = []
  readonly #files = new Set<string>()
  #pending = new Uint8Array(0)
  #skip = 0
  #position = 0
  #zeroBlocks = 0
  #over = false
  #body: { type: string; size: number } | undefined
  #extension: Extension = {}

  constructor(at: number, subject: string) {
    this.#at = at
    this.#subject = subject
  }

  add(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0 && !this.#over) {
      if (this.#skip > 0) {
        const count = Math.min(this.#skip, rest.length)
        this.#skip -= count
        this.#position += count
        rest = rest.subarray(count)
        continue
      }
      const wanted = this.#body ? Math.ceil(this.#body.size / BLOCK) * BLOCK : BLOCK
      const count = Math.min(wanted - this.#pending.length, rest.length)
      const joined = new Uint8Array(this.#pending.length + count)
      joined.set(this.#pending)
      joined.set(rest.subarray(0, count), this.#pending.length)
      this.#pending = joined
      this.#position += count
      rest = rest.subarray(count)
      if (joined.length < wanted) continue
      this.#pending = new Uint8Array(0)
      this.#take(joined)
    }
  }

  end(): readonly DockerSaveFinding[] {
    if (!this.#over) {
      if (this.#skip > 0 || this.#pending.length > 0 || this.#body)
        this.#find('save/layer-tar', this.#position, `the layer is cut at byte ${this.#position}`)
      else if (this.#zeroBlocks < 2)
        this.#find(
          'save/layer-eof',
          this.#position,
          `${this.#zeroBlocks} blocks of zeros at its end, not two`,
        )
    }
    return this.#findings
  }

  #find(rule: DockerSaveFinding['rule'], position: number, message: string): void {
    this.#findings.push(saveFinding(rule, this.#at + position, this.#subject, message))
  }

  #take(bytes: Uint8Array): void {
    const start = this.#position - bytes.length
    try {
      if (this.#body) this.#takeExtension(bytes.subarray(0, this.#body.size), this.#body.type)
      else this.#takeHeader(bytes, start)
    } catch (error) {
      if (!(error instanceof RosError)) throw error
      this.#find('save/layer-tar', start, error.message)
      this.#over = true
    }
  }

  #takeHeader(block: Uint8Array, start: number): void {
    const member = decodeTarHeader(block, start)
    if (!member) {
      this.#zeroBlocks++
      // What follows two blocks of zeros is no part of the archive.
      this.#over = this.#zeroBlocks >= 2
      return
    }
    this.#zeroBlocks = 0
    if ('xLK'.includes(member.type)) {
      if (member.size === 0 || member.size > MAX_EXTENSION)
        throw archiveError(member.name, 'extended header of an unlikely length', `${member.size} bytes`)
      this.#body = { type: member.type, size: member.size }
      return
    }
    const size = holdsContent(member.type) ? (this.#extension.size ?? member.size) : 0
    const path = inside(this.#extension.path ?? member.name)
    const linkname = this.#extension.linkpath ?? member.linkname
    this.#extension = {}
    this.#skip = Math.ceil(size / BLOCK) * BLOCK
    if (member.type === 'g') return
    if (member.type === '1' && !this.#files.has(inside(linkname.replace(/^\/+/, ''))))
      this.#find(
        'save/layer-link',
        start,
        `${path} is a hard link to ${linkname}, which does not come before it`,
      )
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name === '.wh.' || (name.startsWith('.wh.') && size > 0))
      this.#find(
        'save/whiteout',
        start,
        `${path}: ${size > 0 ? `${size} bytes of content` : 'it hides nothing'}`,
      )
    if (member.type !== '5') this.#files.add(path)
  }

  #takeExtension(body: Uint8Array, type: string): void {
    this.#body = undefined
    if (type === 'x') this.#extension = { ...this.#extension, ...paxFields(body, this.#subject) }
    else if (type === 'L') this.#extension = { ...this.#extension, path: text(body) }
    else this.#extension = { ...this.#extension, linkpath: text(body) }
  }
}
