import { type Finding, finding, type LintRule } from '@ros/bytes'

const rule = (severity: LintRule['severity'], section: string, fault: string): LintRule => ({
  severity,
  section,
  fault,
})

/** What `lintIso` looks for. */
export const isoRules = {
  'iso/descriptor': rule('error', 'ECMA-119 §8.1', 'sector of the descriptor set that is no descriptor'),
  'iso/no-terminator': rule('error', 'ECMA-119 §8.3', 'descriptor set without a terminator'),
  'iso/no-primary': rule('error', 'ECMA-119 §6.7.1', 'no primary volume descriptor'),
  'iso/block-size': rule('error', 'ECMA-119 §8.4.12', 'logical block size other than 2048'),
  'iso/volume-size': rule('error', 'ECMA-119 §8.4.8', 'volume larger than the file: cut, or counted wrong'),
  'iso/both-endian': rule('error', 'ECMA-119 §7.2.3, §7.3.3', 'halves of a both-endian number differ'),
  'iso/path-table-l': rule(
    'error',
    'ECMA-119 §6.9, §9.4',
    'path table L that is not that of the directories',
  ),
  'iso/path-table-m': rule(
    'error',
    'ECMA-119 §6.9, §9.4',
    'path table M that is not that of the directories',
  ),
  'iso/extent': rule('error', 'ECMA-119 §6.4', 'extent outside the volume or the file'),
  'iso/record-length': rule('error', 'ECMA-119 §9.1.1', 'directory record of a wrong length'),
  'iso/identifier-length': rule('error', 'ECMA-119 §9.1.10', 'identifier longer than its record'),
  'iso/directory-loop': rule('error', 'ECMA-119 §6.8.2', 'directory that is reached twice'),
  'iso/self': rule('error', 'ECMA-119 §6.8.2.2', "'.' that is not its directory"),
  'iso/parent': rule('error', 'ECMA-119 §6.8.2.2', "'..' that is not the directory above"),
  'iso/multi-extent': rule('error', 'ECMA-119 §9.1.6', 'last section of a file missing'),
  'iso/order': rule('warning', 'ECMA-119 §9.3', 'records of a directory not in order'),
  'iso/d-characters': rule('warning', 'ECMA-119 §7.4.1, §7.5', 'identifier with lower-case letters'),
  'iso/duplicate': rule('warning', 'ECMA-119 §7.6', 'identifier that comes twice in a directory'),
  'joliet/escape': rule(
    'error',
    'Joliet, §Escape sequences',
    'supplementary descriptor without escape sequence',
  ),
  'susp/length': rule('error', 'SUSP 1.12 §4.1', 'system use entry of a wrong length'),
  'susp/sp-missing': rule('error', 'SUSP 1.12 §5.3', 'Rock Ridge without SP in the root'),
  'susp/continuation': rule(
    'error',
    'SUSP 1.12 §5.1',
    'continuation area outside the volume, or without end',
  ),
  'rr/mode': rule('error', 'RRIP 1.12 §4.1.1', 'mode that contradicts the directory record'),
  'eltorito/header': rule('error', 'El Torito 1.0 §2.1', 'validation entry without header id 1'),
  'eltorito/checksum': rule('error', 'El Torito 1.0 §2.1', 'validation entry whose words do not sum to 0'),
  'eltorito/key': rule('error', 'El Torito 1.0 §2.1', 'validation entry without 55 AA'),
  'eltorito/extent': rule('error', 'El Torito 1.0 §2.2', 'catalogue or boot image outside the file'),
  'eltorito/boot-info-table': rule(
    'error',
    'mkisofs(8), boot info table',
    'boot info table with a wrong length or sum',
  ),
} satisfies Record<string, LintRule>

/** Names of the rules for ISO images. */
export type IsoRule = keyof typeof isoRules
export type IsoFinding = Finding<IsoRule>

export function isoFinding(id: IsoRule, offset: number, subject: string, message: string): IsoFinding {
  return finding(isoRules, id, { offset, subject }, message)
}
