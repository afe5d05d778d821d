import { type Finding, finding, type LintRule } from '@ros/bytes'

const rule = (severity: LintRule['severity'], section: string, fault: string): LintRule => ({
  severity,
  section,
  fault,
})
const FAT = 'Microsoft FAT 1.03'

/** What `lintFat` looks for. */
export const fatRules = {
  'fat/boot-sector': rule('error', `${FAT}, Boot Sector and BPB`, 'boot sector that is none of a FAT volume'),
  'fat/volume-size': rule('error', `${FAT}, Boot Sector and BPB`, 'volume longer than its partition or file'),
  'fat/backup': rule('warning', `${FAT}, Boot Sector and BPB`, 'copy of the boot sector that differs'),
  'fat/media': rule(
    'warning',
    `${FAT}, FAT Data Structure`,
    'first entry of the table that is not the media type',
  ),
  'fat/copies': rule('error', `${FAT}, FAT Data Structure`, 'copies of the table that differ'),
  'fat/chain': rule(
    'error',
    `${FAT}, FAT Data Structure`,
    'cluster chain that leaves the volume, breaks off or never ends',
  ),
  'fat/cross-link': rule('error', `${FAT}, FAT Data Structure`, 'cluster of two files'),
  'fat/length': rule(
    'error',
    `${FAT}, FAT Directory Structure`,
    'cluster chain of another length than its file',
  ),
  'fat/lost': rule('warning', `${FAT}, FAT Data Structure`, 'clusters that no file has'),
  'fat/fsinfo': rule(
    'warning',
    `${FAT}, FSInfo Sector Structure`,
    'count of free clusters that is wrong or not there',
  ),
  'fat/dots': rule('error', `${FAT}, FAT Directory Structure`, "'.' or '..' missing or leading elsewhere"),
  'fat/name': rule('error', `${FAT}, FAT Directory Structure`, 'entry whose name is no file name'),
  'fat/duplicate': rule('error', `${FAT}, FAT Directory Structure`, 'name that comes twice in a directory'),
} satisfies Record<string, LintRule>

/** Names of the rules for FAT file systems. */
export type FatRule = keyof typeof fatRules
export type FatFinding = Finding<FatRule>

export function fatFinding(id: FatRule, offset: number, subject: string, message: string): FatFinding {
  return finding(fatRules, id, { offset, subject }, message)
}
