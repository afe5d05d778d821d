import { QemuRunnerError } from './error.ts'
import { checkInteger } from './option-value.ts'

/** A piece of machine code: bytes, a place with a name, a short jump to a place, or a place's 16-bit address. */
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
 * From the BIOS's real mode to 64-bit code at `long`, with the first 2 MiB of memory mapped to themselves (Intel SDM
 * volume 3, §11.8.5). A kernel goes this way, and a broken accelerator may run real mode well and stop here.
 */
const enterLongMode: readonly Code[] = [
  [0xfa, 0xfc, 0x31, 0xc0], // cli; cld; xor ax, ax
  [0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0], // mov ds, ax; mov es, ax; mov ss, ax
  [0xbf, 0x00, 0x10, 0xb9, 0x00, 0x18, 0xf3, 0xab], // clear 0x1000 … 0x3fff: mov di; mov cx; rep stosw
  [0xc7, 0x06, 0x00, 0x10, 0x03, 0x20], // PML4 entry 0: table at 0x2000, present, writable
  [0xc7, 0x06, 0x00, 0x20, 0x03, 0x30], // directory pointer 0: table at 0x3000
  [0xc7, 0x06, 0x00, 0x30, 0x83, 0x00], // directory 0: a page of 2 MiB at 0
  [0x0f, 0x20, 0xe0, 0x0c, 0x20, 0x0f, 0x22, 0xe0], // cr4: or PAE
  [0x66, 0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8], // mov eax, 0x1000; mov cr3, eax
  [0x66, 0xb9, 0x80, 0x00, 0x00, 0xc0], // mov ecx, IA32_EFER
  [0x0f, 0x32, 0x80, 0xcc, 0x01, 0x0f, 0x30], // rdmsr; or ah, 1 (LME); wrmsr
  [0x0f, 0x01, 0x16], // lgdt [gdtPointer]
  { addressOf: 'gdtPointer' },
  [0x0f, 0x20, 0xc0, 0x66, 0x0d, 0x01, 0x00, 0x00, 0x80, 0x0f, 0x22, 0xc0], // cr0: or PG | PE
  [0xea], // jmp 8:long
  { addressOf: 'long' },
  [0x08, 0x00],
  { label: 'gdt' },
  [0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 0, 0, 0x9a, 0x20, 0], // selector 8: 64-bit code, ring 0
  { label: 'gdtPointer' },
  [15, 0], // limit, then a base of 32 bits
  { addressOf: 'gdt' },
  [0, 0],
]

/** What the micro guest does beside writing its text. */
export interface MicroGuestOptions {
  /** Turns of an empty loop before the text is written, two instructions each; 1 unless said. */
  readonly turns?: number
  /** 64-bit code that runs after the text; `debugExit` unless said. */
  readonly ending?: readonly Code[]
}

/**
 * A disk image whose first sector is a whole guest: in 64-bit mode it counts, writes `text` (ASCII) to the first
 * serial port, then runs `ending`. Text and code share 510 bytes: more throws `ROS_QEMU_OPTION`.
 */
export function microGuest(text: string, options: MicroGuestOptions = {}): Uint8Array {
  const turns = checkInteger('turns', options.turns ?? 1, 1, 0xffff_ffff)
  const code = assemble([
    ...enterLongMode,
    { label: 'long' },
    [0xb9, ...littleEndian(turns, 4)], // mov ecx, turns
    { label: 'turn' },
    [0xff, 0xc9], // dec ecx
    { jump: 0x75, to: 'turn' }, // jnz
    [0xbe], // mov esi, text
    { addressOf: 'text' },
    [0, 0],
    { label: 'next' },
    [0xac, 0x84, 0xc0], // lodsb; test al, al
    { jump: 0x74, to: 'ending' }, // jz
    [0x88, 0xc3, 0x66, 0xba, ...LINE_STATUS], // mov bl, al; mov dx, LINE_STATUS
    { label: 'busy' },
    [0xec, 0xa8, 0x20], // in al, dx; test al, 0x20
    { jump: 0x74, to: 'busy' }, // jz
    [0x66, 0xba, ...TRANSMIT_HOLDING, 0x88, 0xd8, 0xee], // mov dx, TRANSMIT_HOLDING; mov al, bl; out dx, al
    { jump: 0xeb, to: 'next' },
    { label: 'ending' },
    ...(options.ending ?? debugExit),
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
      bytes.push(...littleEndian(LOAD_ADDRESS + place(piece.addressOf), 2))
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

function littleEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** index) % 256)
}
