/** Text as the content of an HTML or SVG element or attribute. */
export function escapeHtml(text: string): string {
  // Control characters have no place in a page; a lone surrogate would not survive its encoding.
  return text
    .toWellFormed()
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, '�')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Seconds with two decimals, whatever the locale is. */
export function seconds(value: number): string {
  return `${value.toFixed(2)} s`
}

/** Bytes in the largest decimal unit that they fill, with one decimal: `115.3 MB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let amount = value
  let unit = 0
  // What would be rounded up to 1000 goes to the next unit.
  while (amount >= 999.95 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit === 0 ? String(value) : amount.toFixed(1)} ${units[unit]}`
}

/** A whole number in groups of three digits. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** A part of a whole as a percentage with one decimal; of nothing, none. */
export function percent(part: number, whole: number): string {
  return whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : ''
}

/** At most `count` letters, the last an ellipsis when some are left out. */
export function shorten(text: string, count: number): string {
  const letters = Array.from(text)
  return letters.length <= count ? text : `${letters.slice(0, Math.max(0, count - 1)).join('')}…`
}

/**
 * As much of a text as is sure to fit into a width, in pixels, at a size of 12 pixels in any usual font; '' when that is not
 * worth the room.
 */
export function fitted(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  const letters = Array.from(text)
  let count = 0
  for (let used = 12; count < letters.length; count++) {
    used += textWidth(letters[count] ?? '')
    if (used > width) break
  }
  return count < 2 ? '' : shorten(text, count + 1)
}

/** No less than what a browser makes of it: wide letters are capitals, and what is no Latin letter. */
function textWidth(text: string): number {
  let width = 0
  for (const letter of text) {
    if (/[ilj.,:;'|!()[\]]/.test(letter)) width += 5
    else if (/[a-ln-vxyz0-9/_ -]/.test(letter)) width += 7.7
    else width += /[\x20-\x7e]/.test(letter) ? 11.8 : 13
  }
  return width
}
