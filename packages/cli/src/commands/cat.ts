import type { ByteSource } from '@ros/bytes'
import { CliError } from '../error.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget, openPlace } from '../look/target.ts'

/**
 * `rancheros-kit cat`: the content of a file inside a container, as it is. A compressed file of the host is
 * decompressed; of one that is inside a container a colon at the end asks for that. Throws `ROS_CLI_KIND` for what has
 * no content, and for a container of the host: `cat` itself prints that.
 */
export async function catCommand(target: string, spool: Spool): Promise<ByteSource> {
  const place = await findTarget(target, spool)
  if (place.node.type !== 'file') {
    throw new CliError('ROS_CLI_KIND', `a ${place.node.type} has no content`, { subject: place.name })
  }
  if (place.within || target.endsWith(':')) return place.node.content
  const inside = await openPlace(place, spool)
  if (inside?.type === 'content') return inside.content
  if (!inside) return place.node.content
  throw new CliError('ROS_CLI_KIND', `${inside.kind} holds many files: name one`, {
    subject: place.name,
    hint: `\`rancheros-kit ls ${place.name}\` lists them; \`rancheros-kit cat ${place.name}:PATH\` prints one`,
  })
}
