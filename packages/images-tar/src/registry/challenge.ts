/** One way to say who one is, as a server offers it (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y
const space = /[ \t]*/y
const quoted = /"((?:[^"\\]|\\.)*)"/y
const token68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y

/** The challenges of a `WWW-Authenticate` header. What cannot be read ends the list: the server gets no benefit of doubt. */
export function parseChallenges(header: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match) at = pattern.lastIndex
    return match ?? undefined
  }
  const separators = () => {
    do take(space)
    while (header[at] === ',' && ++at > 0)
  }
  /** `name = value`, or undefined with nothing taken. */
  const parameter = (): [string, string] | undefined => {
    const start = at
    const name = take(token)?.[0]
    take(space)
    if (name === undefined || header[at] !== '=') {
      at = start
      return undefined
    }
    at++
    take(space)
    const text = take(quoted)
    const value = text ? (text[1] ?? '').replace(/\\(.)/g, '$1') : take(token)?.[0]
    if (value !== undefined) return [name.toLowerCase(), value]
    at = start
    return undefined
  }
  for (separators(); at < header.length; separators()) {
    const pair = found.length > 0 ? parameter() : undefined
    if (pair) {
      found.at(-1)?.parameters.set(...pair)
      continue
    }
    const scheme = take(token)?.[0]
    if (scheme === undefined || !/^(?:[ \t,]|$)/.test(header.slice(at, at + 1))) break
    const challenge = { scheme: scheme.toLowerCase(), parameters: new Map<string, string>() }
    found.push(challenge)
    if (header[at] !== ' ') continue
    take(space)
    const start = at
    const first = parameter()
    if (first) challenge.parameters.set(...first)
    else at = take(token68) ? at : start
  }
  return found
}
