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
