import { mutate } from './mutate.ts'
import { random } from './random.ts'
import type { Reader } from './readers.ts'

export interface Failure {
  readonly index: number
  readonly error: unknown
}

export interface Outcome {
  readonly accepted: number
  readonly refused: number
  readonly failures: readonly Failure[]
  readonly slowestMs: number
}

/** The input with this number: the same for the same seed, whatever came before. */
export function inputOf(reader: Reader, seed: number, index: number): Uint8Array {
  return mutate(reader.seeds, random(seed * 1_000_003 + index))
}

/** Feeds a reader damaged inputs `first` … `first + count`. Stops after ten failures. */
export async function fuzz(
  reader: Reader,
  seed: number,
  count: number,
  { first = 0, limitMs = Infinity }: { first?: number; limitMs?: number } = {},
): Promise<Outcome> {
  let [accepted, refused, slowestMs] = [0, 0, 0]
  const failures: Failure[] = []
  for (let index = first; index < first + count && failures.length < 10; index++) {
    const bytes = inputOf(reader, seed, index)
    const started = performance.now()
    try {
      await reader.read(bytes)
      accepted++
    } catch (error) {
      refused++
      if (!reader.errors.some((own) => error instanceof own)) failures.push({ index, error })
    }
    const elapsed = performance.now() - started
    slowestMs = Math.max(slowestMs, elapsed)
    if (elapsed > limitMs) failures.push({ index, error: new Error(`took ${Math.round(elapsed)} ms`) })
  }
  return { accepted, refused, failures, slowestMs }
}
