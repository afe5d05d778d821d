import type { SectorRun } from '@ros/iso'
import { bytes, escapeHtml, fitted, grouped } from '../picture/text.ts'

const WIDTH = 960
const LINE = 18
const GAP = 4
const MAX_LINES = 24
/** Rows of the table, about: neighbours that are small are gathered where there are more owners. */
const MAX_ROWS = 300

/** Neighbouring runs that are shown as one. */
export interface SectorGroup {
  /** Number of the first run. */
  readonly first: number
  readonly runs: readonly SectorRun[]
}

/** Runs of at least `least` sectors by themselves, smaller neighbours together until they have as many. */
export function gatherRuns(runs: readonly SectorRun[], least: number): SectorGroup[] {
  const groups: SectorGroup[] = []
  let small: SectorRun[] = []
  let sectors = 0
  const close = (end: number) => {
    if (small.length > 0) groups.push({ first: end - small.length, runs: small })
    small = []
    sectors = 0
  }
  for (const [index, run] of runs.entries()) {
    if (run.sectorCount >= least) {
      close(index)
      groups.push({ first: index, runs: [run] })
      continue
    }
    small.push(run)
    sectors += run.sectorCount
    if (sectors >= least) close(index + 1)
  }
  close(runs.length)
  return groups
}

/** Every sector of an ISO and its owner: lines of sectors as SVG, whose pieces lead to the rows of a table. Pure. */
export function sectorMap(id: string, runs: readonly SectorRun[]): { svg: string; table: string } {
  const total = runs.reduce((sum, { sectorCount }) => sum + sectorCount, 0)
  const lines = Math.max(1, Math.min(MAX_LINES, Math.ceil(total / 64)))
  const perLine = Math.max(1, Math.ceil(total / lines))
  const rows = gatherRuns(runs, runs.length <= MAX_ROWS ? 1 : Math.ceil(total / MAX_ROWS))
  const pieces = gatherRuns(runs, Math.ceil((perLine * 3) / WIDTH)).map((group) => {
    const row = rows.findLastIndex(({ first }) => first <= group.first)
    const said = groupText(group)
    return `<a href="#${id}-${row + 1}" aria-label="${escapeHtml(said)}"><path class="${classOf(group)}" d="${shape(group, perLine)}"/><title>${escapeHtml(said)}</title></a>${label(group, perLine)}`
  })
  const height = lines * (LINE + GAP)
  const svg = `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="group" aria-label="Sectors and their owners">
${pieces.join('\n')}
</svg>`
  const table = `<table class="sectors">
<caption>Sectors of 2048 bytes</caption>
<thead><tr><th scope="col">sectors</th><th scope="col">bytes in use</th><th scope="col">owner</th></tr></thead>
<tbody>
${rows.map((group, index) => tableRow(`${id}-${index + 1}`, group)).join('\n')}
</tbody>
</table>`
  return { svg, table }
}

function tableRow(id: string, group: SectorGroup): string {
  const size = group.runs.reduce((sum, run) => sum + run.size, 0)
  return `<tr id="${id}"><th scope="row" class="number">${rangeText(group)}</th><td class="number">${grouped(size)}</td><td>${escapeHtml(ownersText(group))}</td></tr>`
}

function groupText(group: SectorGroup): string {
  const sectors = group.runs.reduce((sum, { sectorCount }) => sum + sectorCount, 0)
  return `sectors ${rangeText(group)}, ${bytes(sectors * 2048)}: ${ownersText(group)}`
}

function rangeText({ runs }: SectorGroup): string {
  const from = runs[0]?.lba ?? 0
  const last = runs.at(-1)
  const to = last ? last.lba + last.sectorCount - 1 : from
  return from === to ? String(from) : `${from} … ${to}`
}

function ownersText({ runs }: SectorGroup): string {
  const owners = runs.map(({ owner }) => owner)
  return owners.length > 2 ? `${owners.length} owners, ${owners[0]} to ${owners.at(-1)}` : owners.join(', ')
}

function classOf({ runs }: SectorGroup): string {
  const classes = new Set(runs.map(({ owner }) => ownerClass(owner)))
  const [only = 'meta', ...more] = classes
  return more.length === 0 ? only : 'meta'
}

function ownerClass(owner: string): string {
  if (owner === 'nothing names it') return 'free'
  if (/^(partition \d+: )?file /.test(owner)) return 'file'
  return /^(boot |partition \d+$)/.test(owner) ? 'boot' : 'meta'
}

/** The sectors of a group as a path: a rectangle on each line that they are on. */
function shape({ runs }: SectorGroup, perLine: number): string {
  const from = runs[0]?.lba ?? 0
  const last = runs.at(-1)
  const end = last ? last.lba + last.sectorCount : from
  const parts: string[] = []
  for (let line = Math.floor(from / perLine); line * perLine < end; line++) {
    const left = x(Math.max(from, line * perLine) - line * perLine, perLine)
    const right = x(Math.min(end, (line + 1) * perLine) - line * perLine, perLine)
    parts.push(`M${left} ${line * (LINE + GAP)}H${right}v${LINE}H${left}z`)
  }
  return parts.join('')
}

/** The owner's name on the longest of the first two lines, if it has room there. */
function label({ runs }: SectorGroup, perLine: number): string {
  const [run, ...more] = runs
  if (!run || more.length > 0) return ''
  const end = run.lba + run.sectorCount
  const first = Math.floor(run.lba / perLine)
  const lines = [first, first + 1].map((line) => {
    const left = x(Math.max(run.lba, line * perLine) - line * perLine, perLine)
    const right = x(Math.min(end, (line + 1) * perLine) - line * perLine, perLine)
    return { line, left, room: right - left - 8 }
  })
  const best = lines.reduce((a, b) => (b.room > a.room ? b : a))
  const text = fitted(run.owner, best.room)
  return text === ''
    ? ''
    : `<text class="over" aria-hidden="true" x="${best.left + 4}" y="${best.line * (LINE + GAP) + 13}">${escapeHtml(text)}</text>`
}

function x(sector: number, perLine: number): number {
  return Math.round((sector / perLine) * WIDTH * 10) / 10
}
