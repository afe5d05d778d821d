import { QemuRunnerError } from './error.ts'

/** A piece of 16-bit x86 code: bytes, a place with a name, a short jump to a place, or a place's address. */
export type Code =
  | readonly number[]
  | { readonly label: string }
  | { readonly jump: number; readonly to: string }
  | { readonly addressOf: string }

/** The BIOS loads the sector here (BIOS Boot Specification 1.01, §6.5.1). */
const LOAD_ADDRESS = 0x7c00
const SECTOR_BYTES = 512
/** SeaBIOS refuses to read a disk smaller than one cylinder. */
const DISK_BYTES = 1_048_576

const TRANSMIT_HOLDING = [0xf8, 0x03] // COM1, 16550 register 0
const LINE_STATUS = [0xfd, 0x03] // COM1, 16550 register 5; bit 5: transmitter is ready

/** Ends QEMU through its isa-debug-exit device at port 0xf4, with exit code 33; stops the CPU where there is none. */
export const debugExit: readonly Code[] = [
  [0xb0, 0x10], // mov al, 0x10
  [0xe6, 0xf4], // out 0xf4, al
  { label: 'stop' },
  [0xfa, 0xf4], // cli; hlt
  { jump: 0xeb, to: 'stop' },
]

/**
 * A disk image whose first sector is a whole guest: it writes `text` (ASCII) to the first serial port, then runs
 * `ending`. Text and code share 510 bytes: more throws `ROS_QEMU_OPTION`.
 */
export function microGuest(text: string, ending: readonly Code[] = debugExit): Uint8Array {
  const code = assemble([
    [0x31, 0xc0, 0x8e, 0xd8], // xor ax, ax; mov ds, ax
    [0xfc, 0xbe], // cld; mov si, text
    { addressOf: 'text' },
    { label: 'next' },
    [0xac, 0x84, 0xc0], // lodsb; test al, al
    { jump: 0x74, to: 'ending' }, // jz
    [0x88, 0xc3, 0xba, ...LINE_STATUS], // mov bl, al; mov dx, LINE_STATUS
    { label: 'busy' },
    [0xec, 0xa8, 0x20], // in al, dx; test al, 0x20
    { jump: 0x74, to: 'busy' }, // jz
    [0xba, ...TRANSMIT_HOLDING, 0x88, 0xd8, 0xee], // mov dx, TRANSMIT_HOLDING; mov al, bl; out dx, al
    { jump: 0xeb, to: 'next' },
    { label: 'ending' },
    ...ending,
    { label: 'text' },
    [...new TextEncoder().encode(text), 0],
  ])
  if (code.length > SECTOR_BYTES - 2) {
    throw new QemuRunnerError('ROS_QEMU_OPTION', 'micro guest does not fit a boot sector', {
      subject: 'micro guest',
      got: `${code.length} bytes`,
      limit: `${SECTOR_BYTES - 2} bytes`,
    })
  }
  const disk = new Uint8Array(DISK_BYTES)
  disk.set(code)
  disk.set([0x55, 0xaa], SECTOR_BYTES - 2)
  return disk
}

function assemble(code: readonly Code[]): Uint8Array {
  const places = new Map<string, number>()
  let size = 0
  for (const piece of code) {
    if ('label' in piece) places.set(piece.label, size)
    size += 'label' in piece ? 0 : 'jump' in piece || 'addressOf' in piece ? 2 : piece.length
  }
  const place = (label: string): number => {
    const found = places.get(label)
    if (found === undefined) throw new Error(`no label ${label}`)
    return found
  }
  const bytes: number[] = []
  for (const piece of code) {
    if ('addressOf' in piece) {
      const address = LOAD_ADDRESS + place(piece.addressOf)
      bytes.push(address % 256, Math.floor(address / 256))
    } else if ('jump' in piece) {
      const distance = place(piece.to) - (bytes.length + 2)
      if (distance < -128 || distance > 127) throw new Error(`short jump to ${piece.to} spans ${distance}`)
      bytes.push(piece.jump, (distance + 256) % 256)
    } else if (!('label' in piece)) {
      bytes.push(...piece)
    }
  }
  return Uint8Array.from(bytes)
}
