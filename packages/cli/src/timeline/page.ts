import { pageShell, scrolled } from '../picture/shell.ts'
import { escapeHtml, seconds } from '../picture/text.ts'
import type { BootRecord, Span } from './boot-record.ts'
import { chart, type Group, type Mark, stateOf, tookOf } from './chart.ts'
import { STYLE } from './style.ts'

export interface PageOptions {
  /** Moments that others than PID 1 saw, as `ssh answers`. */
  readonly marks?: readonly Mark[]
  /** What the machine is, in a few words. */
  readonly machine?: string
}

/**
 * The picture of a boot as one HTML file: bars, and the same as a table. Pure: the same record gives the same text.
 */
export function timelinePage(record: BootRecord, options: PageOptions = {}): string {
  const title = `Boot of RancherOS ${record.version}`
  const groups = groupsOf(record)
  const marks = [...(options.marks ?? []), ...startedMark(record)].sort((a, b) => a.at - b.at)
  const main = `<p>${escapeHtml(summary(record, marks, options.machine))}</p>
${scrolled('Bars', chart(groups, marks, title))}
<p class="legend"><span class="key done">done</span> <span class="key failed">failed</span> <span class="key runs">still runs</span> Seconds since the kernel started. Every bar leads to its row in the table.</p>
<h2>As a table</h2>
${groups.map(table).join('\n')}`
  return pageShell({ title, style: STYLE, main })
}

function groupsOf(record: BootRecord): Group[] {
  const first = Math.min(...record.phases.map(({ start }) => start))
  const kernel: Span[] = Number.isFinite(first)
    ? [{ name: 'kernel and its initramfs', start: 0, end: first, result: 'done' }]
    : []
  const phases = [...kernel, ...record.phases]
  return [
    { id: 'phase', heading: 'Phases of PID 1', spans: byStart(phases) },
    { id: 'service', heading: 'Services', spans: byStart(record.services) },
  ]
}

function byStart(spans: readonly Span[]): Span[] {
  return [...spans].sort((a, b) => a.start - b.start)
}

function startedMark(record: BootRecord): Mark[] {
  const end = record.phases.find(({ name }) => name === 'services')?.end
  return end === undefined ? [] : [{ name: 'RancherOS started', at: end }]
}

function summary(record: BootRecord, marks: readonly Mark[], machine: string | undefined): string {
  const failed = [...record.phases, ...record.services].filter(({ error }) => error !== undefined)
  const moments = marks.map(({ name, at }) => `${name} after ${seconds(at)}`)
  const said = [
    ...moments,
    `${record.phases.length} phases and ${record.services.length} services`,
    failed.length === 0 ? 'none failed' : `failed: ${failed.map(({ name }) => name).join(', ')}`,
  ]
  return `${said.join('; ')}.${machine === undefined ? '' : ` ${machine}.`}`
}

function table({ id, heading, spans }: Group): string {
  const rows = spans.map((span, index) =>
    [
      `<tr id="${id}-${index + 1}" class="${stateOf(span)}">`,
      `<th scope="row">${escapeHtml(span.name)}</th>`,
      `<td class="number">${escapeHtml(seconds(span.start))}</td>`,
      `<td class="number">${escapeHtml(tookOf(span))}</td>`,
      `<td>${escapeHtml(span.result ?? '')}${span.error === undefined ? '' : `<pre>${escapeHtml(span.error)}</pre>`}</td>`,
      '</tr>',
    ].join(''),
  )
  return `<table>
<caption>${escapeHtml(heading)}</caption>
<thead><tr><th scope="col">name</th><th scope="col">start</th><th scope="col">took</th><th scope="col">result</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}
