import { StoreError } from '../error.ts'
import type { HttpRequest } from './http.ts'
import { redacted } from './url.ts'

/** Where a redirect leads. Throws `ROS_HTTP_REDIRECT` for one that may not be followed. */
export function redirectTarget(
  from: URL,
  location: string,
  hops: number,
  maxRedirects: number,
  request: HttpRequest,
): URL {
  const fail = (problem: string, got: string, limit: string) =>
    new StoreError('ROS_HTTP_REDIRECT', problem, { subject: redacted(from), got, limit })
  if (hops >= maxRedirects) throw fail('too many redirects', `${hops + 1}`, `${maxRedirects}`)
  const target = URL.parse(location, from.href)
  if (!target) throw fail('redirect leads nowhere', JSON.stringify(location.slice(0, 200)), 'an address')
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw fail('redirect to another scheme', target.protocol, 'http: and https: are followed')
  if (from.protocol === 'https:' && target.protocol === 'http:')
    throw fail('redirect from https to http', redacted(target), 'https stays https')
  const method = request.method ?? 'GET'
  if (method !== 'GET' && method !== 'HEAD')
    throw fail(`redirect of a ${method} request`, redacted(target), 'only GET and HEAD are redirected')
  return target
}
