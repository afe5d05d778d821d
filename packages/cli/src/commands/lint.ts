import type { Finding } from '@ros/bytes'
import { lintOciLayout } from '@ros/images-tar'
import { command } from '../command.ts'
import { CliError } from '../error.ts'
import { lintFile } from '../look/lint.ts'
import { inSpool, targetOptions } from '../look/look-options.ts'
import { layoutDirectoryFiles } from '../look/oci-layout.ts'
import { detectKind, type LintKind } from '../look/open.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget } from '../look/target.ts'
import { findingLine } from '../look-print.ts'

export interface LintResult {
  readonly kind: LintKind
  readonly findings: AsyncIterable<Finding>
}

/** `rancheros-kit lint`: what is wrong with a file, as `as` says or its bytes do. */
export async function lintCommand(
  target: string,
  as: LintKind | undefined,
  spool: Spool,
): Promise<LintResult> {
  const { node, name, layout } = await findTarget(target, spool)
  if (layout !== undefined)
    return { kind: 'oci-layout', findings: lintOciLayout(layoutDirectoryFiles(layout)) }
  const kind = node.type === 'file' ? (as ?? (await detectKind(node.content))) : undefined
  if (node.type === 'file' && kind) return { kind, findings: lintFile(node.content, kind, name, spool) }
  throw new CliError('ROS_CLI_KIND', 'there are no rules for this file', {
    subject: name,
    limit: 'an ISO 9660 image, an initrd, a docker-save archive, an OCI layout, a disk image or a FAT volume',
    hint: 'a damaged file may not look like one: say what it is with --as',
  })
}

export const lint = command({
  usage: 'lint <target>',
  describe:
    'check an ISO, an initrd, images (docker-save, OCI layout) or a disk image; exit 1 on errors, warnings alone are 0',
  examples: [['$0 lint rancheros.iso', 'every fault with its rule and offset']],
  options: (y) =>
    targetOptions(y).option('as', {
      choices: ['iso', 'initrd', 'docker-save', 'oci-layout', 'disk', 'fat'] as const,
      describe: 'what the file is (default: by its bytes)',
    }),
  run: ({ target, as, limit }, context) =>
    inSpool(limit, context, async (spool) => {
      const { kind, findings } = await lintCommand(target, as, spool)
      const found: Finding[] = []
      for await (const finding of findings) {
        context.signal.throwIfAborted()
        found.push(finding)
        if (!context.output.json) await context.output.print(`${findingLine(finding)}\n`)
      }
      const count = (severity: Finding['severity']) =>
        found.filter((each) => each.severity === severity).length
      const [errors, warnings] = [count('error'), count('warning')]
      return {
        data: { target, kind, errors, warnings, findings: found },
        text: `${target}: ${kind}, ${errors} errors, ${warnings} warnings\n`,
        exitCode: errors === 0 ? 0 : 1,
      }
    }),
})
