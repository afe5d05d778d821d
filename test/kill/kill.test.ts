import { expect, test } from 'vitest'
import { inFolder } from '../kit.ts'
import { killRounds } from './kill-rounds.ts'
import { smallProject } from './small-project.ts'

test('kill -9 at 100 seeded random moments of build, each followed by a plain build', () =>
  inFolder(async (folder) => {
    const count = Number(process.env['ROS_KILL_ROUNDS'] ?? 100)
    const seed = Number(process.env['ROS_KILL_SEED'] ?? 1)
    const rounds = await killRounds(
      await smallProject(folder),
      count,
      seed,
      ({ number, moment, killed, faults }) => {
        const outcome = faults.length === 0 ? 'well' : faults.join('; ')
        process.stdout.write(`${number}: ${killed ? 'killed' : 'ended before'} at ${moment} ms: ${outcome}\n`)
      },
    )
    expect(rounds.filter(({ faults }) => faults.length > 0)).toEqual([])
    expect(rounds.filter(({ killed }) => killed)).toHaveLength(count)
  }))
