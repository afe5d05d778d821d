import type { ByteSource, Finding } from '@ros/bytes'
import { lintDockerSave } from '@ros/images-tar'
import { lintInitrd } from '@ros/initrd'
import { lintIso } from '@ros/iso'
import { CliError } from '../error.ts'
import { detectKind } from '../look/open.ts'
import type { Spool } from '../look/spool.ts'
import { findTarget } from '../look/target.ts'

/** Kinds of file that have rules. */
export type LintKind = 'iso' | 'initrd' | 'docker-save'

export interface LintResult {
  readonly kind: LintKind
  readonly findings: AsyncIterable<Finding>
}

/** `rancheros-kit lint`: what is wrong with an ISO, an initrd or a docker-save archive, as `as` says or its bytes do. */
export async function lintCommand(
  target: string,
  as: LintKind | undefined,
  spool: Spool,
): Promise<LintResult> {
  const { node, name } = await findTarget(target, spool)
  const kind = node.type === 'file' ? (as ?? (await detectKind(node.content))) : undefined
  if (node.type === 'file' && kind) return { kind, findings: linted(node.content, kind, name, spool) }
  throw new CliError('ROS_CLI_KIND', 'there are no rules for this file', {
    subject: name,
    limit: 'an ISO 9660 image, an initrd or a docker-save archive',
    hint: 'a damaged file may not look like one: say what it is with --as',
  })
}

function linted(source: ByteSource, kind: LintKind, name: string, spool: Spool): AsyncIterable<Finding> {
  switch (kind) {
    case 'iso':
      return lintIso(source)
    case 'initrd':
      return lintInitrd(source, { store: (chunks) => spool.store(chunks, name) })
    case 'docker-save':
      return lintDockerSave(source)
  }
}
