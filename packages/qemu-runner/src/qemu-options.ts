import type { NetworkCard, UserNetwork } from './network-card.ts'
import type { QemuVersion } from './qemu-version.ts'

/** How QEMU runs the guest's code: Linux, macOS, Windows, emulation. */
export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'tcg'
/** Architecture of the guest, in QEMU's words. */
export type QemuArch = 'x86_64' | 'aarch64'
/** QEMU's `-machine`. */
export type QemuMachine = 'q35' | 'pc' | 'virt'

/** A virtio disk. */
export interface Disk {
  readonly path: string
  readonly format: 'raw' | 'qcow2'
  readonly readOnly?: boolean
  /** Writes go to a temporary file that QEMU forgets at the end; the image stays as it is. */
  readonly snapshot?: boolean
}

/** What the machine starts. */
export type Boot =
  /** Direct kernel boot: no firmware menu, no boot loader. */
  | { readonly kernel: string; readonly initrd?: string; readonly append?: string }
  /** An ISO as CD, through the firmware. */
  | { readonly cdrom: string }
  /** A disk image, or an ISO as a disk, through the firmware. `format` is raw unless said. */
  | {
      readonly disk: string
      readonly format?: 'raw' | 'qcow2'
      readonly readOnly?: boolean
      readonly snapshot?: boolean
      /** As a USB stick; else as a virtio disk. */
      readonly usb?: boolean
    }
  /** From the first network card, by its boot ROM. */
  | { readonly network: true }

/** UEFI firmware in place of the BIOS: OVMF's (AAVMF's) two flash images. */
export interface Firmware {
  /** The code, `OVMF_CODE_4M.fd` of Debian's package ovmf; never written. */
  readonly code: string
  /** The variables, `OVMF_VARS_4M.fd`; what the guest writes there is forgotten at the end. */
  readonly vars: string
  /** Format of both images; raw unless said. Fedora ships some as qcow2. */
  readonly format?: 'raw' | 'qcow2'
  /**
   * Only the firmware may write its variables, as secure boot needs. The images must be made for it
   * (`OVMF_CODE_4M.ms.fd`, `OVMF_VARS_4M.ms.fd`: Microsoft's keys are enrolled), the machine must be q35.
   */
  readonly secureBoot?: boolean
}

/** Where the picture of the graphics card goes. */
export type Display =
  | 'none'
  /** A window of this desktop. */
  | { readonly window: 'gtk' | 'cocoa' | 'sdl' }
  /** A VNC server without a password, on a socket file or on 127.0.0.1 (port 5900 + `display`). */
  | { readonly vnc: { readonly socket: string } | { readonly display: number } }

/** Where the first serial line goes. */
export type Serial =
  /** The standard streams of the process. */
  | 'stdio'
  /** A socket for one client at a time; all that is written also goes to a file, begun anew. */
  | { readonly socket: string; readonly log: string }

/** A folder of the host, read-only in the guest, as a virtio-9p device with this mount tag. */
export interface Share {
  readonly path: string
  readonly tag: string
}

/** A machine as a value: `qemuCommand` makes the command line of it. */
export interface QemuOptions {
  readonly arch?: QemuArch
  /** Program to run; `qemu-system-<arch>` unless said. */
  readonly program?: string
  /** Version of the program, where options differ (`qemu-version.ts`); the newest known one unless said. */
  readonly version?: QemuVersion
  readonly machine?: QemuMachine
  readonly accelerator: Accelerator
  /** CPU model; `host` under KVM and HVF, else what works best (`processor.ts`). */
  readonly cpu?: string
  readonly memoryMb: number
  readonly cpus: number
  readonly boot: Boot
  /** Firmware of the machine; the BIOS (SeaBIOS) unless given. `virt` has none without it. */
  readonly firmware?: Firmware
  readonly display?: Display
  readonly serial?: Serial
  /** virtio-blk disks, in the guest /dev/vda and on; a boot disk comes before them. */
  readonly disks?: readonly Disk[]
  /** Further ISO images as CD drives, after the one booted from. */
  readonly cdroms?: readonly string[]
  readonly shares?: readonly Share[]
  /** QEMU's user-mode network on a virtio card unless said; or these cards; or no card. */
  readonly network?: UserNetwork | readonly NetworkCard[] | 'none'
  /**
   * QEMU's control socket for whoever starts it: a path, or `tcp:127.0.0.1:PORT` where there are no such sockets
   * (Windows). Without it the machine can be ended only by signals.
   */
  readonly qmpSocket?: string
  /** A second one, for other programs: QEMU serves one client on each. */
  readonly controlSocket?: string
  /** A reboot of the guest ends QEMU. */
  readonly noReboot?: boolean
  /** The processors wait for QMP's `cont`. */
  readonly paused?: boolean
  /** Arguments added at the end, as they are. */
  readonly extra?: readonly string[]
}
