// kill -9 at seeded random moments of `build`, each followed by a plain `build`: right bytes, nothing left over, no clean-up by hand.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openStore, verifyStore } from '@ros/store'
import { random } from '../fuzz/random.ts'
import { root, runKit, runProgram } from '../kit.ts'
import type { SmallProject } from './small-project.ts'

export interface Round {
  readonly number: number
  /** Milliseconds after the start. */
  readonly moment: number
  /** Whether the build was still running then. */
  readonly killed: boolean
  /** What is wrong afterwards; empty when all is well. */
  readonly faults: readonly string[]
}

const PROGRAM = join(root, 'packages/cli/bin/rancheros-kit.js')

/**
 * Rounds until `count` builds were killed while they ran. Each round begins with another state: parts computed before or not, artifacts there or not.
 * A moment lies within the time that a build took in the same state before; what still ended earlier is judged as well, but does not count.
 */
export async function killRounds(
  { folder, cache, env }: SmallProject,
  count: number,
  seed: number,
  onRound: (round: Round) => void = () => undefined,
): Promise<Round[]> {
  const chance = random(seed)
  const started = performance.now()
  const reference = await runKit(['build'], { cwd: folder, env })
  if (reference.code !== 0) throw new Error(reference.stderr)
  const whole = performance.now() - started
  // The latest of each state: the machine is not equally busy all the time.
  const durations = new Map<boolean, number>()
  const out = join(folder, 'dist/artifacts')
  const names = readdirSync(out).sort()
  const sums = readFileSync(join(out, 'SHA256SUMS'), 'utf8')
  const rounds: Round[] = []
  let hits = 0
  for (let number = 1; hits < count && number <= 2 * count; number++) {
    const computed = chance.below(3) === 0
    if (!computed) rmSync(join(cache, 'derived'), { recursive: true, force: true })
    if (chance.below(2) > 0) rmSync(out, { recursive: true, force: true })
    const moment = chance.below(Math.ceil(durations.get(computed) ?? whole / 2))
    const begun = performance.now()
    const killed = await killedAfter(moment, folder, env)
    if (killed) hits++
    else durations.set(computed, performance.now() - begun)
    const again = await runKit(['build'], { cwd: folder, env })
    const faults: string[] = []
    if (again.code !== 0) faults.push(`the build after it failed: ${again.stderr}`)
    else {
      if (readFileSync(join(out, 'SHA256SUMS'), 'utf8') !== sums) faults.push('other digests')
      if (readdirSync(out).sort().join() !== names.join())
        faults.push(`left over: ${readdirSync(out).join(' ')}`)
      const checked = await runProgram('sha256sum', ['--quiet', '-c', 'SHA256SUMS'], { cwd: out })
      if (checked.code !== 0) faults.push(checked.stdout + checked.stderr)
    }
    const temporary = readdirSync(join(cache, 'temporary'))
    if (temporary.length > 0) faults.push(`left over in the cache: ${temporary.join(' ')}`)
    const damaged = await verifyStore(await openStore(cache))
    if (damaged.length > 0)
      faults.push(`unproven in the cache: ${damaged.map(({ digest }) => digest).join(' ')}`)
    const round = { number, moment, killed, faults }
    rounds.push(round)
    onRound(round)
  }
  return rounds
}

/** Starts a build in a process group of its own and ends the whole group without warning. */
async function killedAfter(moment: number, cwd: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, 'build'], {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'ignore',
    detached: true,
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('exit', (_, signal) => resolve(signal))
  })
  const timer = setTimeout(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }, moment)
  const signal = await ended
  clearTimeout(timer)
  return signal === 'SIGKILL'
}
