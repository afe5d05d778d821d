import { type Finding, finding, type LintRule } from '@ros/bytes'

const format = 'Linux, buffer-format.rst; cpio(5), New ASCII Format'
const unpacker = 'Linux, init/initramfs.c'

const rule = (severity: LintRule['severity'], section: string, fault: string): LintRule => ({
  severity,
  section,
  fault,
})

/** What `lintInitrd` looks for. */
export const initrdRules = {
  'newc/truncated': rule('error', format, 'archive ends inside an entry'),
  'newc/no-trailer': rule('warning', format, 'uncompressed archive without TRAILER!!!'),
  'newc/compressed-no-trailer': rule('error', unpacker, 'compressed archive without TRAILER!!!'),
  'newc/magic': rule('error', format, 'header with another magic'),
  'newc/hex': rule('error', format, 'header field that is not hexadecimal'),
  'newc/data-padding': rule('error', format, 'content or name not filled up to 4 bytes'),
  'newc/name-nul': rule('error', format, 'name without a NUL at its end'),
  'newc/name-padding': rule('warning', format, 'NULs counted as part of the name'),
  'newc/name-length': rule('error', unpacker, 'name over 255 bytes or path over 4095'),
  'newc/name-escape': rule('error', 'path_resolution(7)', "'..' in a name"),
  'newc/name-absolute': rule('warning', 'cpio(1)', 'name that begins with a slash'),
  'newc/checksum': rule('error', format, '070702 content with another sum'),
  'newc/special-data': rule('error', unpacker, 'directory or special file with content'),
  'newc/symlink-empty': rule('error', unpacker, 'symbolic link without a target'),
  'newc/type': rule('error', 'inode(7)', 'mode without a known type'),
  'newc/duplicate': rule('warning', unpacker, 'name that comes twice in an archive'),
  'newc/parent': rule('error', unpacker, 'entry before its directory, or without one'),
  'newc/inode-clash': rule('error', unpacker, 'different files that become one hard link'),
  'newc/dropped': rule('error', unpacker, 'entry that the kernel leaves out'),
  'newc/junk': rule('error', unpacker, 'bytes after an archive that are none'),
  'newc/second-archive': rule('warning', 'cpio(1)', 'archive that cpio tools do not reach'),
  'newc/alignment': rule('error', unpacker, 'archive that does not start at a multiple of 4'),
  'initrd/microcode': rule(
    'warning',
    'Linux, x86/microcode.rst',
    'microcode where the early loader does not look',
  ),
  'initrd/xz-check': rule('error', 'Linux, lib/xz', 'xz with another check than CRC32'),
  'initrd/lz4-frame': rule('error', 'Linux, lib/decompress_unlz4.c', 'lz4 in its frame format'),
  'initrd/compressed': rule('error', unpacker, 'compressed bytes that are damaged or cut'),
  'initrd/unread': rule('warning', 'rancheros-kit', 'compression that lint does not read'),
} satisfies Record<string, LintRule>

/** Names of the rules for initrds. */
export type InitrdRule = keyof typeof initrdRules
export type InitrdFinding = Finding<InitrdRule>

/** Where an entry is: in the file, or in the content of the compressed segment that begins at `segment`. */
export interface EntryPlace {
  readonly segment: number | undefined
  readonly offset: number
}

export function initrdFinding(
  id: InitrdRule,
  place: EntryPlace,
  subject: string,
  message: string,
): InitrdFinding {
  const { segment, offset } = place
  const at = segment === undefined ? { offset, subject } : { offset: segment, innerOffset: offset, subject }
  return finding(initrdRules, id, at, message)
}
