import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { compareImages, compareSources, compareTrees, type Difference } from '../look/compare.ts'
import type { TreeContainer } from '../look/container.ts'
import { inSpool, lookOptions, TARGET } from '../look/look-options.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, openPlace, type Place } from '../look/target.ts'
import { differenceLine } from '../look-print.ts'

/**
 * `rancheros-kit diff`: the differences between two files, or of all that is in two images, as they are found. None
 * means equal: for files, equal bytes.
 */
export async function* diffCommand(a: string, b: string, spool: Spool): AsyncGenerator<Difference, void> {
  const [left, right] = [await findTarget(a, spool), await findTarget(b, spool)]
  if (left.node.type === 'file' && right.node.type === 'file')
    yield* compareSources(left.node.content, right.node.content, '', spool)
  else if (left.layout !== undefined || right.layout !== undefined) yield* compareLayouts(left, right, spool)
  else yield* compareTrees(wholeOf(left), wholeOf(right), '', spool)
}

/** An OCI layout that is a directory, with another or with an archive of images. */
async function* compareLayouts(a: Place, b: Place, spool: Spool): AsyncGenerator<Difference, void> {
  const [left, right] = [await openPlace(a, spool), await openPlace(b, spool)]
  if (left?.type === 'images' && right?.type === 'images') yield* compareImages(left, right, '', spool)
  else yield { path: '', difference: 'type', a: left?.kind ?? 'file', b: right?.kind ?? 'file' }
}

function wholeOf({ within, path, name, node }: Place): TreeContainer {
  if (within?.type === 'tree' && path === '') return within
  throw new CliError('ROS_CLI_KIND', `a ${node.type} is not compared`, {
    subject: name,
    limit: 'two files, of the host or inside containers, or two images',
  })
}

export const diff = command({
  usage: 'diff <a> <b>',
  describe:
    'name what differs between two files, as deep inside as both can be opened; exit 1 when something does',
  examples: [['$0 diff old.iso new.iso', 'down to single files of single images']],
  options: (y) =>
    lookOptions(y)
      .positional('a', { type: 'string', demandOption: true, describe: TARGET })
      .positional('b', { type: 'string', demandOption: true, describe: 'the same' }),
  run: ({ a, b, limit }, context) =>
    inSpool(limit, context, async (spool) => {
      const differences: Difference[] = []
      for await (const difference of diffCommand(a, b, spool)) {
        differences.push(difference)
        if (!context.output.json) await context.output.print(`${differenceLine(difference)}\n`)
      }
      const equal = differences.length === 0
      return { data: { a, b, equal, differences }, exitCode: equal ? 0 : 1 }
    }),
})
