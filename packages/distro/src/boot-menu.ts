/** One entry of the boot menu. */
export interface MenuEntry {
  /** What is typed at isolinux's prompt, and GRUB's id. */
  readonly id: string
  readonly title: string
  /** Kernel arguments. */
  readonly append: string
}

/** What both boot loaders offer; the first entry starts by itself. */
export interface BootMenu {
  readonly entries: readonly MenuEntry[]
  /** Paths in the image, from its root. */
  readonly kernel: string
  readonly initrd: string
}

const SECONDS = 3

/** The system as it is, with messages of its start, and with a shell in place of the system. */
export function bootMenu(version: string, append: string): BootMenu {
  const title = `RancherOS ${version}`
  return {
    entries: [
      { id: 'rancheros', title, append },
      { id: 'debug', title: `${title}, debug messages`, append: `${append} rancher.debug=true` },
      { id: 'recovery', title: `${title}, recovery console`, append: `${append} rancher.recovery=true` },
    ],
    kernel: '/boot/vmlinuz',
    initrd: '/boot/initrd',
  }
}

/**
 * isolinux.cfg: a prompt, no graphics and no further modules. `serial` has to be the first line: isolinux then speaks on the serial
 * line as well. A stray character there stops the timeout, so there is a second one that nothing stops.
 */
export function isolinuxConfig({ entries, kernel, initrd }: BootMenu): string {
  const [first] = entries
  return [
    'serial 0 115200',
    `default ${first?.id}`,
    'prompt 1',
    `timeout ${SECONDS * 10}`,
    'totaltimeout 3000',
    'say Type a name, or wait:',
    ...entries.map(({ id, title }) => `say   ${id.padEnd(10)} ${title}`),
    ...entries.flatMap(({ id, append }) => [
      `label ${id}`,
      `  kernel ${kernel}`,
      `  initrd ${initrd}`,
      `  append ${append}`,
    ]),
    '',
  ].join('\n')
}

/** isolinux.cfg as rancher/os v0.4.3 had it: its one entry starts at once. */
export function v04IsolinuxConfig({ entries, kernel, initrd }: BootMenu): string {
  const [first] = entries
  return [
    `default ${first?.id}`,
    `label ${first?.id}`,
    `    kernel ${kernel}`,
    `    initrd ${initrd}`,
    `    append ${first?.append}`,
    '',
  ].join('\n')
}

/** GRUB's configuration on the image itself: the same menu, also on a serial line where there is one. */
export function grubConfig({ entries, kernel, initrd }: BootMenu): string {
  const [first] = entries
  return [
    'if serial --unit=0 --speed=115200; then',
    '  terminal_input serial console',
    '  terminal_output serial console',
    'fi',
    // Where the image was found: cd0 when it came through El Torito, a partition when through its table.
    'echo "root=$root"',
    `set default=${first?.id}`,
    `set timeout=${SECONDS}`,
    ...entries.flatMap(({ id, title, append }) => [
      `menuentry ${quoted(title)} --id ${id} {`,
      `  linux ${[kernel, ...append.split(/\s+/).filter(Boolean).map(quoted)].join(' ')}`,
      `  initrd ${initrd}`,
      '}',
    ]),
    '',
  ].join('\n')
}

/** rancheros.ipxe: kernel and initrd from wherever the script itself came from (iPXE resolves names against the address of the script). */
export function ipxeScript(append: string): string {
  return ['#!ipxe', `kernel vmlinuz initrd=initrd ${append}`, 'initrd initrd', 'boot', ''].join('\n')
}

/** GRUB's configuration on the EFI system partition: finds the image by a file that only it has, then goes on there. */
export function grubSearchConfig(idFile: string): string {
  return [
    `search --no-floppy --set=root --file ${idFile}`,
    'set prefix=($root)/boot/grub',
    'configfile ($root)/boot/grub/grub.cfg',
    '',
  ].join('\n')
}

/** GRUB reads configurations as a shell does. */
function quoted(word: string): string {
  return /^[\w=./,:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
