import { StoreError } from '../error.ts'
import { parseUrl } from './url.ts'

/** Addresses that begin with `from` are looked for at each of `to` in its place, in this order, and nowhere else. */
export interface Rewrite {
  readonly from: string
  readonly to: readonly string[]
}

/** Where an address is to be asked for: the rule with the longest `from` decides, without one the address itself. */
export function rewriteUrl(url: string, rules: readonly Rewrite[]): string[] {
  const fitting = rules.filter(({ from }) => url.startsWith(from))
  const [rule] = fitting.sort((a, b) => b.from.length - a.from.length)
  return rule ? rule.to.map((to) => to + url.slice(rule.from.length)) : [url]
}

/**
 * Reads `FROM=TO`, as options and the environment write a rule. Several of one `FROM` are several places. Throws
 * `ROS_HTTP_URL` unless both are addresses; to end in a slash keeps `http://a.example` off `http://a.example.org`.
 */
export function parseRewrites(texts: readonly string[]): Rewrite[] {
  const rules = new Map<string, string[]>()
  for (const text of texts) {
    const at = text.search(/=https?:\/\//)
    const [from, to] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
    if (at < 0) {
      throw new StoreError('ROS_HTTP_URL', 'not a rule for addresses', {
        subject: JSON.stringify(text.slice(0, 200)),
        limit: 'FROM=TO, both with http:// or https://',
      })
    }
    parseUrl(from)
    parseUrl(to)
    rules.set(from, [...(rules.get(from) ?? []), to])
  }
  return [...rules].map(([from, to]) => ({ from, to }))
}
