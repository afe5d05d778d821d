/** PL011 UART of QEMU's `virt` machine, data register; also MMIO under an accelerator. */
const UART = 0x0900_0000

const movz = (register: number, value: number, half: 0 | 1) =>
  instruction(0xd280_0000 + half * 0x20_0000 + value * 32 + register)
const movk = (register: number, value: number, half: 0 | 1) =>
  instruction(0xf280_0000 + half * 0x20_0000 + value * 32 + register)

/**
 * A whole arm64 guest for `-kernel` on QEMU's `virt` machine: counts `turns` down, prints the text on the serial port,
 * and switches off by PSCI (Arm DEN 0022, SYSTEM_OFF). Position-independent; no memory but its own is touched.
 */
export function microGuestArm64(text: string, turns = 1): Uint8Array<ArrayBuffer> {
  const code = [
    movz(1, UART / 0x1_0000, 1),
    [], // adr x2, text: when its place is known
    movz(3, turns % 0x1_0000, 0),
    movk(3, Math.floor(turns / 0x1_0000), 1),
    instruction(0xf100_0463), // count: subs x3, x3, #1
    instruction(0x54ff_ffe1), // b.ne count
    instruction(0x3840_1444), // print: ldrb w4, [x2], #1
    instruction(0x3400_0064), // cbz w4, off
    instruction(0xb900_0024), // str w4, [x1]
    instruction(0x17ff_fffd), // b print
    movz(0, 0x8400, 1), // off: SYSTEM_OFF, 0x84000008
    movk(0, 8, 0),
    instruction(0xd400_0002), // hvc #0
    instruction(0xd503_207f), // stop: wfi
    instruction(0x17ff_ffff), // b stop
  ]
  // adr x2: its distance counts in words here, the text follows the code.
  code[1] = instruction(0x1000_0002 + (code.length - 1) * 32)
  return new Uint8Array([...code.flat(), ...new TextEncoder().encode(text), 0])
}

function instruction(word: number): number[] {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, word, true)
  return [...bytes]
}
