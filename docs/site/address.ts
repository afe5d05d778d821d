/** What is wrong with the form of an external address; undefined when nothing is. Nobody is asked whether it is there. */
export function wrongAddress(address: string): string | undefined {
  if (/\s/.test(address)) return 'white space in an address'
  if (!URL.canParse(address)) return 'not an address'
  const { protocol, hostname } = new URL(address)
  // A letter box, and what has its content in itself.
  if (protocol === 'mailto:' || protocol === 'data:') return undefined
  if (protocol !== 'https:' && protocol !== 'http:')
    return `${protocol} is none of https:, http:, mailto:, data:`
  return /^[\w-]+(\.[\w-]+)+$/.test(hostname) || hostname === 'localhost'
    ? undefined
    : `no host name: ${hostname}`
}

/** Whether a link leads out of the site or the repository: it begins with a scheme, or with the host of one. */
export function isExternal(link: string): boolean {
  return /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(link)
}

/** Text of a link without its percent signs; undefined where they stand for no text. */
export function decoded(link: string): string | undefined {
  try {
    return decodeURIComponent(link)
  } catch (cause) {
    if (cause instanceof URIError) return undefined
    throw cause
  }
}
