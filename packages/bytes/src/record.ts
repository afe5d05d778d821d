import { BytesError } from './error.ts'
import type { Field } from './fields.ts'

/** Values of a record by field name, as its table's fields give and take them. */
export type RecordValues<F extends readonly FieldEntry[]> = {
  [E in F[number] as E[0]]: E[1] extends Field<infer T> ? T : never
}

// A table mixes fields of several value types; each is checked against its own type where it is used.
export type FieldEntry = readonly [name: string, field: Field<unknown>]

/** A fixed-size binary record: one table gives both directions. */
export interface RecordTable<V> {
  readonly name: string
  /** Length in bytes. */
  readonly size: number
  /** Offset of each field, in bytes from the start of the record. */
  readonly offsets: Readonly<Record<keyof V & string, number>>
  /** The record's bytes. A value that its field cannot hold throws `ROS_BYTES_RANGE` and names the field. */
  encode(values: V): Uint8Array
  /** As `encode`, into `target` at `offset`. */
  encodeInto(target: Uint8Array, offset: number, values: V): void
  /** The record at `offset`. Throws `ROS_BYTES_SHORT` when `bytes` ends inside it. */
  decode(bytes: Uint8Array, offset?: number): V
}

/**
 * Declares a record. Offsets are summed from the fields; `size` is what the standard says the total is, and a table
 * that sums to anything else is a bug and throws at once.
 */
export function record<const F extends readonly FieldEntry[]>(
  name: string,
  entries: F,
  size: number,
): RecordTable<RecordValues<F>> {
  type V = RecordValues<F>
  const offsets: Record<string, number> = {}
  let total = 0
  for (const [field, { size: width }] of entries) {
    offsets[field] = total
    total += width
  }
  if (total !== size) throw new Error(`${name}: fields sum to ${total} bytes, the record has ${size}`)

  const encodeInto = (target: Uint8Array, start: number, values: V) => {
    if (start < 0 || start + size > target.length) {
      throw new BytesError('ROS_BYTES_RANGE', `no room for a ${name}`, {
        subject: name,
        got: `offset ${start}`,
      })
    }
    for (const [field, codec] of entries) {
      const value = (values as Record<string, unknown>)[field]
      ;(codec as Field<unknown>).write(target, start + (offsets[field] ?? 0), value, `${name}.${field}`)
    }
  }
  return {
    name,
    size,
    offsets: offsets as Record<keyof V & string, number>,
    encodeInto,
    encode(values) {
      const bytes = new Uint8Array(size)
      encodeInto(bytes, 0, values)
      return bytes
    },
    decode(bytes, offset = 0) {
      if (offset + size > bytes.length) {
        throw new BytesError('ROS_BYTES_SHORT', `${name} is cut`, {
          subject: name,
          got: `${bytes.length - offset} bytes`,
          limit: `${size} bytes`,
        })
      }
      const values: Record<string, unknown> = {}
      for (const [field, codec] of entries) {
        values[field] = (codec as Field<unknown>).read(
          bytes,
          offset + (offsets[field] ?? 0),
          `${name}.${field}`,
        )
      }
      return values as V
    },
  }
}
