import type { ByteSource } from '@ros/bytes'
import { collect } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { inSpool, targetOptions } from '../look/look-options.ts'
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

/** `cat --json` has the content in memory. */
const JSON_LIMIT = 64 * 1024 ** 2

export const cat = command({
  usage: 'cat <target>',
  describe: 'print a file that is inside another',
  examples: [['$0 cat initrd:/usr/share/ros/os-config.yml', 'print one file of the initrd']],
  options: (y) => targetOptions(y),
  run: (args, context) =>
    inSpool(
      args.limit,
      context,
      async (spool) => {
        const content = await catCommand(args.target, spool)
        if (!context.output.json) {
          for await (const chunk of content.open()) {
            context.signal.throwIfAborted()
            await context.output.print(chunk)
          }
          return undefined
        }
        const bytes = Buffer.from(await collect(content.open(), JSON_LIMIT))
        const text = bytes.toString('utf8')
        const isText = Buffer.from(text).equals(bytes)
        const data = {
          target: args.target,
          size: content.size,
          digest: await sha256(content),
          encoding: isText ? 'utf-8' : 'base64',
          content: isText ? text : bytes.toString('base64'),
        }
        return { data }
      },
      args.lenient,
    ),
})
