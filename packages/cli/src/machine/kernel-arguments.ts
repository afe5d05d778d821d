import type { QemuArch } from '@ros/qemu-runner'

export interface KernelArgumentOptions {
  readonly arch: QemuArch
  /** The picture of the machine is shown: its messages go there too. */
  readonly display: boolean
  /** The blank state disk may be formatted. */
  readonly format: boolean
  /** The state disk's old copy of /usr goes. */
  readonly rmUsr: boolean
  readonly append: readonly string[]
  /** Behind ` -- `: for init alone, and hidden from /proc/cmdline by `ros`. */
  readonly appendInit: readonly string[]
}

/** The kernel's command line for a direct boot, as upstream's `run` has it, without a password. */
export function kernelArguments(options: KernelArgumentOptions): string {
  const { arch, display, format, rmUsr, append, appendInit } = options
  return [
    ...(display ? ['console=tty0'] : []),
    // The last one becomes /dev/console.
    arch === 'aarch64' ? 'console=ttyAMA0' : 'console=ttyS0',
    'quiet',
    'panic=10',
    ...(format ? ['rancher.state.formatzero=true', 'rancher.state.autoformat=[/dev/sda,/dev/vda]'] : []),
    ...(rmUsr ? ['rancher.rm_usr'] : []),
    ...append,
    ...(appendInit.length > 0 ? ['--', ...appendInit] : []),
  ].join(' ')
}
