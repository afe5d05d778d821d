import { printable } from '../look/listing.ts'
import { pageShell, scrolled } from '../picture/shell.ts'
import { bytes, escapeHtml, grouped, percent } from '../picture/text.ts'
import { largest } from './largest.ts'
import { spaceMap } from './map.ts'
import { filesText, fullName, whatText } from './node-text.ts'
import { sectorMap } from './sector-map.ts'
import type { Level, Space, SpaceNode } from './space.ts'
import { STYLE } from './style.ts'

/**
 * The picture of what takes the space as one HTML file: a map of the whole, the same as tables, each nested container by
 * itself, and of an ISO the owners of its sectors. Pure: the same space gives the same text.
 */
export function spacePage(given: Space): string {
  const space = withPlainNames(given)
  const [first, ...nested] = space.levels
  const main = `<p>${escapeHtml(summary(space))}</p>
<a class="skip" href="#tables">Past the map to the tables</a>
${scrolled('Map', spaceMap(space, first))}
${LEGEND}
${largestTable(space)}
<h2 id="tables">${escapeHtml(first.name)}</h2>
${table(space, first)}
${sectors(first)}
${nested.length === 0 ? '' : '<h2>What was opened in it</h2>\n'}${nested.map((level) => details(space, level)).join('\n')}`
  return pageShell({ title: `What takes the space in ${first.name}`, style: STYLE, main })
}

const LEGEND = `<p class="legend"><span class="key opened">container, opened</span> <span class="key directory">directory</span> <span class="key program">program</span> <span class="key module">kernel module</span> <span class="key packed">compressed</span> <span class="key file">other file</span> <span class="key rest">small ones together, or no file</span> Every rectangle leads to its row in a table. What a compressed container holds is drawn as if all of it were compressed alike, and of a qcow2 image the disk that it is.</p>`

const SECTOR_LEGEND = `<p class="legend"><span class="key file">file</span> <span class="key meta">descriptors, path tables, directories</span> <span class="key boot">boot image, partition</span> <span class="key rest">nothing names it</span></p>`

function summary({ levels }: Space): string {
  const [first, ...nested] = levels
  const opened =
    nested.length === 0
      ? ''
      : `; ${nested.length} ${nested.length === 1 ? 'container' : 'containers'} opened in it`
  const held = first.size === first.stored ? ', ' : `, holds ${bytes(first.size)} in `
  return `${first.what}: ${bytes(first.stored)} (${grouped(first.stored)} bytes)${held}${filesText(first.files)}${opened}.`
}

function largestTable(space: Space): string {
  const [first] = space.levels
  const rows = largest(space, 12).map(
    ({ node, level, share }) =>
      `<tr><th scope="row"><a href="#${node.id}">${escapeHtml(`${level === first ? '' : `${level.name}:/`}${fullName(node)}`)}</a></th><td class="number">${escapeHtml(bytes(node.size))}</td><td class="number">${escapeHtml(percent(share, 1))}</td></tr>`,
  )
  return `<h2>The largest, wherever they are</h2>
<table class="largest">
<thead><tr><th scope="col">file</th><th scope="col" class="number">size</th><th scope="col" class="number">of the whole</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}

function sectors(level: Level): string {
  if (!level.sectors) return ''
  const { svg, table: rows } = sectorMap(`${level.id}-sectors`, level.sectors)
  return `<details open>
<summary>Sectors of ${escapeHtml(level.name)} <span>and who owns them</span></summary>
${scrolled(`Sectors of ${level.name}`, svg)}
${SECTOR_LEGEND}
${rows}
</details>`
}

function details(space: Space, level: Level): string {
  const outer = space.outside.get(level.id)
  const held = `${level.what}: ${bytes(level.stored)} ${level.stored === level.size ? '' : `hold ${bytes(level.size)} `}in ${filesText(level.files)}`
  return `<details>
<summary>${escapeHtml(level.name)} <span>${escapeHtml(held)}</span></summary>
<p class="within" id="${level.id}">${outer ? `<a href="#${outer.id}">Its row in what it is part of</a>` : ''}</p>
${scrolled(`Map of ${level.name}`, spaceMap(space, level))}
${table(space, level)}
${sectors(level)}
</details>`
}

function table(space: Space, level: Level): string {
  const rows: string[] = []
  const add = (node: SpaceNode, above: string) => {
    const inner = space.inside.get(node.id)
    const words = escapeHtml(whatText(space, node))
    const deep = above === '' ? '' : `<span class="deep">${escapeHtml(above)}</span>`
    rows.push(
      [
        `<tr id="${node.id}">`,
        `<th scope="row">${deep}${escapeHtml(deep === '' ? fullName(node) : lastName(node))}</th>`,
        `<td class="number">${escapeHtml(bytes(node.size))}</td>`,
        `<td class="number">${escapeHtml(percent(node.size, level.size))}</td>`,
        `<td>${inner ? `<a href="#${inner.id}">${words}</a>` : words}</td>`,
        '</tr>',
      ].join(''),
    )
    for (const child of node.children) add(child, `${node.path}/`)
  }
  for (const node of level.nodes) add(node, '')
  return `<table>
<caption>${escapeHtml(`${level.name}, ${level.what}`)}</caption>
<thead><tr><th scope="col">name</th><th scope="col" class="number">size</th><th scope="col" class="number">share</th><th scope="col">what it is</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}

function lastName({ name, label }: SpaceNode): string {
  return label === undefined ? name : `${name} (${label})`
}

/** Bytes that are no text are shown as `ls` shows them. */
function withPlainNames(space: Space): Space {
  const plain = (node: SpaceNode): SpaceNode => ({
    ...node,
    path: printable(node.path),
    name: printable(node.name),
    ...(node.label !== undefined && { label: printable(node.label) }),
    children: node.children.map(plain),
  })
  const known = new Map<string, Level>()
  const level = (one: Level): Level => {
    const made: Level = { ...one, name: printable(one.name), nodes: one.nodes.map(plain) }
    known.set(one.id, made)
    return made
  }
  const [first, ...nested] = space.levels
  const levels: [Level, ...Level[]] = [level(first), ...nested.map(level)]
  const inside = new Map([...space.inside].map(([id, one]) => [id, known.get(one.id) ?? one]))
  return { ...space, levels, inside }
}
