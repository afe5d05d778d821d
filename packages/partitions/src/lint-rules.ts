import { type Finding, finding, type LintRule } from '@ros/bytes'

const MBR = 'UEFI 2.10 §5.2'
const GPT = 'UEFI 2.10 §5.3.2'
const ENTRY = 'UEFI 2.10 §5.3.3'
const rule = (severity: LintRule['severity'], section: string, fault: string): LintRule => ({
  severity,
  section,
  fault,
})

/** What `lintPartitions` looks for. */
export const partitionRules = {
  'mbr/status': rule('error', MBR, 'status byte of an entry that is neither 00 nor 80'),
  'mbr/active': rule('warning', MBR, 'more than one active partition'),
  'mbr/bounds': rule('error', MBR, 'partition that ends behind the disk'),
  'mbr/overlap': rule('error', MBR, 'partitions that overlap'),
  'mbr/protective': rule('error', 'UEFI 2.10 §5.2.3', 'GPT whose protective entry is missing or wrong'),
  'gpt/missing': rule('error', GPT, 'protective MBR without a GPT'),
  'gpt/header': rule('error', GPT, 'GPT header with a wrong sum, size or place'),
  'gpt/entries-crc': rule('error', GPT, 'partition entries with another sum, or outside the disk'),
  'gpt/backup': rule('error', GPT, 'second copy missing, damaged or not at the end of the disk'),
  'gpt/copies': rule('error', GPT, 'copies that do not say the same'),
  'gpt/bounds': rule('error', ENTRY, 'partition outside the usable sectors, or that ends before it starts'),
  'gpt/overlap': rule('error', ENTRY, 'partitions that overlap'),
  'gpt/guid': rule('error', ENTRY, 'identifier of two partitions, or none'),
} satisfies Record<string, LintRule>

/** Names of the rules for partition tables. */
export type PartitionRule = keyof typeof partitionRules
export type PartitionFinding = Finding<PartitionRule>

export function partitionFinding(
  id: PartitionRule,
  offset: number,
  subject: string,
  message: string,
): PartitionFinding {
  return finding(partitionRules, id, { offset, subject }, message)
}
