/** What every error of ours carries beside its message. The CLI recognises errors by `code`. */
export interface RosErrorDetail {
  /** What was being read, written or asked for: a path, an option, a package name. */
  readonly subject: string
  /** What was found, as text that fits one line. */
  readonly got?: string
  /** The rule that was broken, with its source (document and section) where there is one. */
  readonly limit?: string
  /** What the user can do about it. */
  readonly hint?: string
  readonly cause?: unknown
}

/**
 * Base of each package's error class. The message reads `subject: problem (limit)`; `code` is stable and starts with
 * `ROS_`. Each package narrows `Code` to a union of literals.
 */
export class RosError<Code extends string = string> extends Error {
  readonly code: Code
  readonly subject: string
  readonly got: string | undefined
  readonly limit: string | undefined
  readonly hint: string | undefined

  constructor(code: Code, problem: string, detail: RosErrorDetail) {
    const got = detail.got === undefined ? '' : `, got ${detail.got}`
    const limit = detail.limit === undefined ? '' : ` (${detail.limit})`
    super(
      `${detail.subject}: ${problem}${got}${limit}`,
      detail.cause === undefined ? {} : { cause: detail.cause },
    )
    this.name = new.target.name
    this.code = code
    this.subject = detail.subject
    this.got = detail.got
    this.limit = detail.limit
    this.hint = detail.hint
  }
}

/** Stable codes of a `BytesError`. */
export type BytesErrorCode =
  | 'ROS_BYTES_RANGE' // a field value or an offset outside what the format can hold
  | 'ROS_BYTES_SHORT' // a source ended before the bytes that its size promised
  | 'ROS_BYTES_LIMIT' // more bytes than the caller allowed
  | 'ROS_BYTES_DIGEST' // the content has another digest than the one expected
  | 'ROS_BYTES_WRITE' // the operating system refused a write (disk full, no permission)

/** What byte sources, fields and writes throw. */
export class BytesError extends RosError<BytesErrorCode> {}
