// Whether every export of a package has a doc comment where it is declared: what an editor shows and the reference is made of.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync } from 'oxc-parser'
import { root } from './console.mjs'

/** Every export without one, as `file: name`. A package's entries are what its manifest gives the source of. */
export function undocumented() {
  const entries = readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name)
    const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const sources = Object.values(exports).flatMap((target) => target['@ros/source'] ?? [])
    return sources.map((source) => join(folder, source)).filter((file) => existsSync(file))
  })
  const missing = entries.flatMap((file) =>
    [...moduleOf(file).exports.keys()].flatMap((name) => bare(file, name)),
  )
  return [...new Set(missing)].sort()
}

/** The declaration that an export leads to, when no comment stands before it. */
function bare(file, name) {
  const found = moduleOf(file).exports.get(name)
  if (found === undefined)
    return [`${relative(root, file)}: ${name} is exported from elsewhere, but not declared here`]
  if (found.from !== undefined) return bare(join(dirname(file), found.from), found.name)
  return found.documented ? [] : [`${relative(root, file)}: ${name}`]
}

const modules = new Map()

function moduleOf(file) {
  if (!modules.has(file)) modules.set(file, read(file))
  return modules.get(file)
}

function read(file) {
  const text = readFileSync(file, 'utf8')
  const { program, comments, module, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const docs = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
  const documented = ({ start }) =>
    docs.some(({ end }) => end <= start && text.slice(end, start).trim() === '')
  const declared = new Map()
  for (const statement of program.body) {
    const declaration = statement.declaration ?? statement
    const names = declaration.declarations?.map(({ id }) => id.name) ?? [declaration.id?.name]
    for (const name of names) declared.set(name, declared.get(name) || documented(statement))
  }
  const exports = new Map()
  for (const { moduleRequest, importName, exportName, localName } of module.staticExports.flatMap(
    (it) => it.entries,
  )) {
    const name = exportName.name ?? 'default'
    if (moduleRequest) exports.set(name, { from: moduleRequest.value, name: importName.name })
    else exports.set(name, { documented: declared.get(localName.name ?? name) === true })
  }
  return { exports }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const missing = undocumented()
  for (const line of missing) process.stderr.write(`no doc comment: ${line}\n`)
  process.exit(missing.length === 0 ? 0 : 1)
}
