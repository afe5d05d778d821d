/** The `count` bits of `value` from bit `shift` upwards. */
export function bits(value: number, shift: number, count: number): number {
  return Math.floor(value / 2 ** shift) % 2 ** count
}
