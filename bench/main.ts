import { run as boot } from './boot.ts'
import { run as build } from './build.ts'
import { run as deb } from './deb.ts'
import { run as gzip } from './gzip.ts'
import { run as images } from './images.ts'
import { run as iso } from './iso.ts'
import { run as memory } from './memory.ts'
import { run as newc } from './newc.ts'
import type { BenchRow } from './row.ts'

const benchmarks: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  newc,
  iso,
  gzip,
  images,
  deb,
  build,
  memory,
  boot,
}

const json = process.argv.includes('--json')
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = [
  ...named.filter((name) => !(name in benchmarks)),
  ...process.argv.slice(2).filter((argument) => argument.startsWith('--') && argument !== '--json'),
]
if (unknown.length > 0) {
  console.error(
    `bench: no such benchmark or option: ${unknown.join(' ')} (known: ${Object.keys(benchmarks).join(', ')}, --json)`,
  )
  process.exit(2)
}

const rows: BenchRow[] = []
for (const [name, run] of Object.entries(benchmarks)) {
  if (named.length > 0 && !named.includes(name)) continue
  for (const row of await run()) {
    rows.push(row)
    if (json) console.log(JSON.stringify(row))
  }
}
if (!json) printTable(rows)

function printTable(rows: readonly BenchRow[]): void {
  const cells = [
    ['what', 'against', 'ratio', 'goal', ''],
    ...rows.map(({ name, reference, ratio, goal, met }) => [
      name,
      reference,
      ratio.toFixed(2),
      `≤ ${goal.toFixed(2)}`,
      met ? 'met' : 'NOT MET',
    ]),
  ]
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? []
  for (const line of cells) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}
