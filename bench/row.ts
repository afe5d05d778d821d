import { spawn } from 'node:child_process'

/** One comparison: how long ours takes, as a part of the reference's time. */
export interface BenchRow {
  readonly name: string
  /** The tool on the other side. */
  readonly reference: string
  /** Our median time divided by the reference's: below 1 is faster. */
  readonly ratio: number
  /** Largest ratio that is good enough. */
  readonly goal: number
  readonly met: boolean
}

export function benchRow(
  name: string,
  reference: string,
  ours: number,
  theirs: number,
  goal: number,
): BenchRow {
  const ratio = Math.round((ours / theirs) * 1000) / 1000
  return { name, reference, ratio, goal, met: ratio <= goal }
}

/** Wall time in seconds of a process from start to exit; `env` is added to this process's. One that fails throws with what it wrote on stderr. */
export function timeProcess(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const env = { ...process.env, ...options.env }
    const child = spawn(command, args, { ...options, env, stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (text: Buffer) => {
      stderr = `${stderr}${text.toString()}`.slice(-2000)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve((performance.now() - start) / 1000)
      else reject(new Error(`${command} ${args.join(' ')}: exit ${code}\n${stderr}`))
    })
  })
}

/**
 * Wall time in seconds of a TypeScript file of ours as a process, run from sources. Compiled code is kept in the folder
 * `cache`: type stripping at each start is nothing that a user of the built package pays.
 */
export function timeScript(script: URL, args: readonly string[], cache: string): Promise<number> {
  const node = ['--conditions=@ros/source', script.pathname, ...args]
  return timeProcess(process.execPath, node, { env: { NODE_COMPILE_CACHE: cache } })
}

/** Wall time in seconds until the promise is fulfilled. */
export async function timeFunction(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * Median time of each contestant in seconds. All warm up once, then they take turns (A B A B …), so that what else the
 * machine does falls on all of them alike. `between` runs after each, untimed.
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<number>>>,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Record<Name, number>> {
  const names = Object.keys(contestants) as Name[]
  const times = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const seconds = await contestants[name]()
      if (round > 0) times.get(name)?.push(seconds)
      await between()
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<
    Name,
    number
  >
}
