// How an installed system starts. The boot volume has a folder for each system, /ros/<folder>, with its kernel, its initrd and its entries
// of the menu; /ros/boot.cfg, one sector long, says which of them is current and which is previous, in words that both boot loaders read.

/** What a system's menu entries have in them. */
export interface SystemEntries {
  /** As people know it: `RancherOS v1.2.3`. */
  readonly title: string
  /** Below /ros on the boot volume. */
  readonly folder: string
  /** Kernel arguments as SYSLINUX takes them. */
  readonly append: string
  /** The same as GRUB's shell takes them. */
  readonly grubAppend: string
}

/** A system as the one that starts by itself, as the one before it, and as one that is tried once. */
const ROLES = {
  current: [
    { id: 'rancheros', note: '', more: '' },
    { id: 'debug', note: ', debug messages', more: ' rancher.debug=true' },
    { id: 'recovery', note: ', recovery console', more: ' rancher.recovery=true' },
  ],
  previous: [{ id: 'previous', note: ', the version before', more: '' }],
  trial: [{ id: 'trial', note: ', tried once', more: '' }],
} as const

/** The kernel is told its folder: when that is not the current one, a boot that succeeds makes it so. */
const folderArgument = (folder: string) => `ros.boot=${folder}`

/** The entries of a system in each of its roles: file name below its folder → text. GRUB's files add `.grub`. */
export function systemMenus({ title, folder, append, grubAppend }: SystemEntries): Map<string, string> {
  const files = new Map<string, string>()
  for (const [role, entries] of Object.entries(ROLES)) {
    const syslinux = entries.flatMap(({ id, note, more }) => [
      ...(role === 'trial' ? [] : [`say   ${id.padEnd(10)} ${title}${note}`]),
      `label ${id}`,
      `  linux /ros/${folder}/vmlinuz`,
      `  initrd /ros/${folder}/initrd`,
      `  append ${append} ${folderArgument(folder)}${more}`,
    ])
    const grub = entries.flatMap(({ id, note, more }) => [
      `menuentry '${title}${note}' --id ${id} {`,
      `  linux /ros/${folder}/vmlinuz ${grubAppend} ${folderArgument(folder)}${more}`,
      `  initrd /ros/${folder}/initrd`,
      '}',
    ])
    files.set(`${role}.cfg`, `${syslinux.join('\n')}\n`)
    files.set(`${role}.cfg.grub`, `${grub.join('\n')}\n`)
  }
  return files
}

const SECTOR = 512

/** /ros/boot.cfg: exactly one sector, so that one write to the disk changes it, from one whole text to another. */
export function bootSelection(current: string): string {
  const text = `default rancheros\ninclude /ros/${current}/current.cfg\n`
  const rest = SECTOR - text.length
  if (rest < 2) throw new Error(`/ros/boot.cfg has ${text.length} bytes`)
  return `${text}${'#'.repeat(rest - 1)}\n`
}

/** /syslinux/syslinux.cfg. `serial` has to be the first line. */
export const SYSLINUX_CONFIG = [
  'serial 0 115200',
  'prompt 1',
  'timeout 30',
  'totaltimeout 3000',
  'say Type a name, or wait:',
  'include /ros/boot.cfg',
  '',
].join('\n')

/** GRUB's variables that outlive a start: at most the folder's role that is tried once. SYSLINUX has a place of its own for that. */
export const GRUB_ENVIRONMENT = '/boot/grub/grubenv'
const GRUB_ENVIRONMENT_SIZE = 1024

/** Empty variables (GRUB manual, "The GRUB environment block"). */
export const EMPTY_GRUB_ENVIRONMENT = '# GRUB Environment Block\n'.padEnd(GRUB_ENVIRONMENT_SIZE, '#')

/** /boot/grub/grub.cfg: gives the words of /ros/boot.cfg a meaning. What is tried once is forgotten before it is started, or not started. */
export const DISK_GRUB_CONFIG = [
  'if serial --unit=0 --speed=115200; then',
  '  terminal_input serial console',
  '  terminal_output serial console',
  'fi',
  'echo "root=$root"',
  'set timeout=3',
  'function default {',
  '  set default="$1"',
  '}',
  'function include {',
  '  source "$1.grub"',
  '}',
  'source /ros/boot.cfg',
  `load_env --file ${GRUB_ENVIRONMENT} ros_once`,
  'if [ -n "$ros_once" ]; then',
  '  set ros_try="$ros_once"',
  '  set ros_once=',
  `  if save_env --file ${GRUB_ENVIRONMENT} ros_once; then`,
  '    set default="$ros_try"',
  '  fi',
  'fi',
  '',
].join('\n')
