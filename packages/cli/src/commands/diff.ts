import { CliError } from '../error.ts'
import { compareSources, compareTrees, type Difference } from '../look/compare.ts'
import type { TreeContainer } from '../look/container.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, type Place } from '../look/target.ts'

/**
 * `rancheros-kit diff`: the differences between two files, or of all that is in two images, as they are found. None
 * means equal: for files, equal bytes.
 */
export async function* diffCommand(a: string, b: string, spool: Spool): AsyncGenerator<Difference, void> {
  const [left, right] = [await findTarget(a, spool), await findTarget(b, spool)]
  if (left.node.type === 'file' && right.node.type === 'file')
    yield* compareSources(left.node.content, right.node.content, '', spool)
  else yield* compareTrees(wholeOf(left), wholeOf(right), '', spool)
}

function wholeOf({ within, path, name, node }: Place): TreeContainer {
  if (within?.type === 'tree' && path === '') return within
  throw new CliError('ROS_CLI_KIND', `a ${node.type} is not compared`, {
    subject: name,
    limit: 'two files, of the host or inside containers, or two images',
  })
}
