/** The kernel's name of a module: a file's name without ending, or as users write it; `-` and `_` are one. */
export function moduleName(text: string): string {
  return text.replace(/\.ko$/, '').replaceAll('-', '_')
}

/** An alias with `-` as `_`, except inside brackets, where `-` is a range (as kmod does). */
export function normalizeAlias(alias: string): string {
  return alias.replace(/\[[^\]]*\]|-/g, (part) => (part === '-' ? '_' : part))
}

/** A pattern of the shell (`*`, `?`, `[…]`, `[!…]`) as a regular expression for whole texts; undefined when brackets do not close. */
export function globPattern(glob: string): RegExp | undefined {
  let source = ''
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i] ?? ''
    if (character === '*') source += '.*'
    else if (character === '?') source += '.'
    else if (character === '[') {
      const negated = glob[i + 1] === '!'
      const start = i + (negated ? 2 : 1)
      const end = glob.indexOf(']', start + 1)
      if (end < 0) return undefined
      source += `[${negated ? '^' : ''}${glob.slice(start, end).replace(/[\\\]^[]/g, '\\$&')}]`
      i = end
    } else source += character.replace(/[.+^${}()|\\/]/, '\\$&')
  }
  try {
    return new RegExp(`^${source}$`, 's')
  } catch {
    return undefined
  }
}

/** Names nearest to one that is not there, for a hint: at most three, at most a third of the letters different. */
export function similarNames(name: string, names: Iterable<string>): string[] {
  const limit = Math.max(1, Math.floor(name.length / 3))
  return [...names]
    .map((other) => ({ other, distance: editDistance(name, other, limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.other < b.other ? -1 : 1))
    .slice(0, 3)
    .map(({ other }) => other)
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
