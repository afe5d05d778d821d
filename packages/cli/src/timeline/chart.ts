import { escapeHtml, seconds, shorten } from '../picture/text.ts'
import type { Span } from './boot-record.ts'

/** A moment that is marked over the whole height, in seconds since the kernel started. */
export interface Mark {
  readonly name: string
  readonly at: number
}

/** Rows under one heading; `id` begins the ids of their rows in the table. */
export interface Group {
  readonly id: string
  readonly heading: string
  readonly spans: readonly Span[]
}

// Lengths in the picture's own units, which are CSS pixels where the page is wide enough.
const WIDTH = 960
const LABELS = 200
/** Room after the last second for the text behind a bar. */
const RIGHT = 90
const ROW = 24
const BAR = 14
const HEADING = 34
/** Names of marks stand above the rows, each on a line of its own. */
const MARK_LINE = 16
const AXIS = 28

/**
 * The bars of a boot as SVG: each is a link to its row in the table, so that keyboards reach it and readers of the
 * text find the same there. Pure: the same spans give the same text.
 */
export function chart(groups: readonly Group[], marks: readonly Mark[], title: string): string {
  const last = lastMoment(groups, marks)
  const x = (at: number) => LABELS + (at / last) * (WIDTH - LABELS - RIGHT)
  const top = marks.length * MARK_LINE + 10
  let y = top
  const parts: string[] = []
  for (const { id, heading, spans } of groups) {
    y += HEADING
    parts.push(`<text class="heading" x="0" y="${y - 12}">${escapeHtml(heading)}</text>`)
    for (const [index, span] of spans.entries()) {
      parts.push(bar(span, `${id}-${index + 1}`, y, x, last))
      y += ROW
    }
  }
  const height = y + AXIS
  const grid = ticks(last).map((at) => {
    const label = `<text class="tick" x="${n(x(at))}" y="${height - 8}">${escapeHtml(`${at} s`)}</text>`
    return `<path class="grid" d="M${n(x(at))} ${top}V${y + 4}"/>${label}`
  })
  const moments = marks.map(({ name, at }, index) => {
    const line = (index + 1) * MARK_LINE - 4
    // The name stands on the side where there is room.
    const [anchor, shift] = x(at) > WIDTH / 2 ? ['end', -5] : ['start', 5]
    const text = `<text class="mark" text-anchor="${anchor}" x="${n(x(at) + shift)}" y="${line}">${escapeHtml(`${name} ${seconds(at)}`)}</text>`
    return `<path class="mark" d="M${n(x(at))} ${line - 11}V${y + 4}"/>${text}`
  })
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="group" aria-label="${escapeHtml(title)}">`,
    ...grid,
    ...moments,
    ...parts,
    '</svg>',
  ].join('\n')
}

function bar(span: Span, id: string, y: number, x: (at: number) => number, last: number): string {
  const from = x(span.start)
  const to = x(span.end ?? last)
  const width = Math.max(to - from, 1.5)
  const middle = y + ROW / 2
  const state = stateOf(span)
  const took = tookOf(span)
  // What is seen begins the link's name, for whoever speaks to the page; the texts lie over the link: one may be shortened.
  const said = `${span.name}, ${took} from ${seconds(span.start)}${span.error === undefined ? '' : ', failed'}`
  const name = escapeHtml(shorten(span.name, 26))
  return [
    `<a href="#${id}" class="${state}" aria-label="${escapeHtml(said)}">`,
    `<rect class="row" x="0" y="${y}" width="${WIDTH}" height="${ROW}" rx="4"/>`,
    `<rect class="bar" x="${n(from)}" y="${y + (ROW - BAR) / 2}" width="${n(width)}" height="${BAR}" rx="2"/>`,
    `<title>${escapeHtml(span.error === undefined ? said : `${said}: ${span.error}`)}</title>`,
    '</a>',
    `<g aria-hidden="true" class="over ${state}">`,
    `<text class="name" x="${LABELS - 10}" y="${middle + 4}">${name}</text>`,
    `<text class="took" x="${n(from + width + 6)}" y="${middle + 4}">${escapeHtml(span.error === undefined ? took : `${took}, failed`)}</text>`,
    '</g>',
  ].join('')
}

export function stateOf(span: Span): 'failed' | 'runs' | 'done' {
  if (span.error !== undefined) return 'failed'
  return span.end === undefined ? 'runs' : 'done'
}

export function tookOf(span: Span): string {
  return span.end === undefined ? 'still runs' : seconds(span.end - span.start)
}

function lastMoment(groups: readonly Group[], marks: readonly Mark[]): number {
  const moments = groups.flatMap(({ spans }) => spans.flatMap(({ start, end = start }) => [start, end]))
  // A picture of nothing still has an axis.
  return Math.max(1, ...moments, ...marks.map(({ at }) => at))
}

/** At most ten steps of 1, 2 or 5 times a power of ten, from 0 on. */
export function ticks(last: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => last / size <= 10) ?? 1000
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step)
}

/** A coordinate with one decimal at most. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10)
}
