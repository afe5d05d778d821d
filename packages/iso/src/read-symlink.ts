import { decodeName, encodeName } from '@ros/bytes'
import { IsoError } from './error.ts'
import { nameFlag, TARGET_MAX } from './rock-ridge.ts'
import { checkContent, joinBytes } from './susp-content.ts'

/** Puts a link's target together from component records, which may be cut anywhere between and inside entries. */
export class TargetReader {
  readonly #subject: string
  readonly #parts: Uint8Array[] = []
  #size = 0
  #separate = false
  #seen = false

  constructor(subject: string) {
    this.#subject = subject
  }

  add(components: Uint8Array): void {
    this.#seen = true
    for (let position = 0; position < components.length; ) {
      const flags = components[position] ?? 0
      const length = components[position + 1] ?? 0
      const text = components.subarray(position + 2, position + 2 + length)
      checkContent(this.#subject, 'SL component', text, length)
      position += 2 + length
      const set = (flag: number) => Math.floor(flags / flag) % 2 === 1
      if (this.#separate) this.#push(encodeName('/'))
      if (set(nameFlag.root)) this.#push(encodeName('/'))
      else if (set(nameFlag.parent)) this.#push(encodeName('..'))
      else if (set(nameFlag.current)) this.#push(encodeName('.'))
      else this.#push(text)
      this.#separate = !set(nameFlag.root) && !set(nameFlag.continues)
    }
  }

  text(): string | undefined {
    return this.#seen ? decodeName(joinBytes(this.#parts)) : undefined
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#size += bytes.length
    if (this.#size <= TARGET_MAX) return
    throw new IsoError('ROS_ISO_NAME', 'target of a symbolic link is too long', {
      subject: this.#subject,
      limit: `${TARGET_MAX} bytes`,
    })
  }
}
