/**
 * The anchor of a heading, as GitHub makes it: the same link then works in the repository and on the site. A second heading of the
 * same name gets `-1` behind it, and so on: that is left to who counts them.
 */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
}
