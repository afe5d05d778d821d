import { CliError } from '../error.ts'

/** A phase of PID 1 or a service. Times are seconds since the guest's kernel started. */
export interface Span {
  readonly name: string
  readonly start: number
  /** Absent while it runs. */
  readonly end?: number
  /** `done` or `failed`; for a service that came up, what was done to its container. */
  readonly result?: string
  readonly error?: string
}

/** What `ros` writes to /run/ros/boot.json. */
export interface BootRecord {
  readonly version: string
  readonly phases: readonly Span[]
  readonly services: readonly Span[]
}

/** The phase of PID 1 whose end is the end of a boot: every service has come up or failed. */
const LAST_PHASE = 'services'

/** Whether the boot had ended when the record was read. */
export function isWhole(record: BootRecord): boolean {
  return record.phases.some(({ name, end }) => name === LAST_PHASE && end !== undefined)
}

/** Reads the text of a record; `ROS_CLI_BOOT_RECORD` for anything else. Keys that are not known are left out. */
export function parseBootRecord(text: string, subject: string): BootRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw wrong(subject, cause instanceof Error ? cause.message : 'not JSON', cause)
  }
  if (!isObject(value)) throw wrong(subject, 'an object is wanted')
  const { version, phases, services = [] } = value
  if (typeof version !== 'string') throw wrong(subject, 'version: a text is wanted')
  return {
    version,
    phases: spans(phases, subject, 'phases'),
    services: spans(services ?? [], subject, 'services'),
  }
}

function spans(value: unknown, subject: string, key: string): Span[] {
  if (!Array.isArray(value)) throw wrong(subject, `${key}: a list is wanted`)
  return value.map((entry: unknown, index) => span(entry, subject, `${key}[${index}]`))
}

function span(value: unknown, subject: string, key: string): Span {
  if (!isObject(value)) throw wrong(subject, `${key}: an object is wanted`)
  const { name, start, end = 0, result, error } = value
  if (typeof name !== 'string' || name === '') throw wrong(subject, `${key}.name: a text is wanted`)
  if (!isTime(start)) throw wrong(subject, `${key}.start: seconds are wanted`)
  if (!isTime(end)) throw wrong(subject, `${key}.end: seconds are wanted`)
  return {
    name,
    start,
    ...(end > 0 && { end: Math.max(start, end) }),
    ...(typeof result === 'string' && result !== '' && { result }),
    ...(typeof error === 'string' && error !== '' && { error }),
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(subject: string, got: string, cause?: unknown): CliError {
  return new CliError('ROS_CLI_BOOT_RECORD', 'not the record of a boot', { subject, got, cause })
}
