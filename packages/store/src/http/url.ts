import { StoreError } from '../error.ts'

/** An absolute http or https address. Throws `ROS_HTTP_URL`. */
export function parseUrl(given: string | URL): URL {
  const url = given instanceof URL ? given : URL.parse(given)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new StoreError('ROS_HTTP_URL', 'not an address that can be fetched', {
    subject: url ? redacted(url) : JSON.stringify(String(given).slice(0, 200)),
    limit: 'http:// or https://',
  })
}

/** For messages and logs: without credentials and query, which may be a signature. */
export function redacted(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

/** Whether the address names this machine by a loopback address or as `localhost`. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}
