/** Logical sector and logical block of every image written here, in bytes (ECMA-119 §6.1.2, §6.2.2). */
export const SECTOR = 2048

export function sectorsFor(size: number): number {
  return Math.ceil(size / SECTOR)
}

/** `size` rounded up to whole sectors. */
export function wholeSectors(size: number): number {
  return sectorsFor(size) * SECTOR
}
