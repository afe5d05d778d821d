import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BootRecord, isWhole, parseBootRecord } from './boot-record.ts'
import { ticks } from './chart.ts'
import { timelinePage } from './page.ts'

const record: BootRecord = {
  version: 'v1.2.3',
  phases: [
    { name: 'mounts', start: 4.5, end: 4.54, result: 'done' },
    {
      name: 'modules',
      start: 4.54,
      end: 6.25,
      result: 'failed',
      error: 'dummy: no such module\n<b>in</b> /usr/lib',
    },
    { name: 'state', start: 6.25, end: 6.5, result: 'done' },
    { name: 'system-docker', start: 9.1, end: 12.75, result: 'done' },
    { name: 'services', start: 9.2, end: 21.5, result: 'done' },
    { name: 'commit-usr', start: 9.15 },
  ],
  services: [
    { name: 'console', start: 12.8, end: 15, result: 'created' },
    { name: 'a-service-with-a-name-that-is-longer-than-its-place', start: 15, end: 21.4, result: 'kept' },
    { name: 'ntp', start: 15, end: 15, result: 'failed', error: 'image "x&y" is not on this machine' },
  ],
}

test('the page of a record, byte for byte', async () => {
  const page = timelinePage(record, {
    marks: [{ name: 'ssh answers', at: 15.75 }],
    machine: 'TCG, 2 processors, 2048 MB',
  })
  await expect(page).toMatchFileSnapshot('./timeline.golden.html')
})

test('nothing is fetched and nothing runs', () => {
  expect(timelinePage(record)).not.toMatch(/<script|https?:|url\(|@import|\bon\w+=|<img|<link/i)
})

test('every bar leads to a row of the table', () => {
  const page = timelinePage(record)
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  expect(links).toHaveLength(record.phases.length + record.services.length + 1)
  for (const id of links) expect(page.split(` id="${id}"`)).toHaveLength(2)
})

test('whatever the names are, the page has the same elements', () => {
  const elements = (page: string) => page.match(/<\/?[a-zA-Z!][^\s>]*/g)
  const plain = (name: string, error: string): BootRecord => ({
    version: name,
    phases: [{ name, start: 1, end: 2, error }],
    services: [{ name, start: 3 }],
  })
  const want = elements(timelinePage(plain('name', 'error')))
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ unit: 'binary' }), (name, error) => {
      expect(elements(timelinePage(plain(name, error)))).toEqual(want)
    }),
    { numRuns: 30 },
  )
})

test('numbers of any size give coordinates in the picture', () => {
  const time = fc.double({ min: 0, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.tuple(time, time), { maxLength: 20 }), (pairs) => {
      const phases = pairs.map(([start, took], index) => ({ name: `p${index}`, start, end: start + took }))
      const page = timelinePage({ version: 'v', phases, services: [] })
      expect(page).not.toMatch(/NaN|Infinity/)
      for (const [, x, width] of page.matchAll(/class="bar" x="([\d.-]+)" y="[\d.]+" width="([\d.-]+)"/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(200)
        expect(Number(x) + Number(width)).toBeLessThan(960)
      }
    }),
  )
})

test.each([
  [0.5, [0]],
  [10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  [35, [0, 5, 10, 15, 20, 25, 30, 35]],
  [900, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]],
])('the axis of %d s', (last, want) => {
  expect(ticks(last)).toEqual(want)
})

test('a record is read as ros writes it', () => {
  const text = JSON.stringify({
    version: 'v1',
    phases: [{ name: 'services', start: 2, end: 3, result: 'done', more: 1 }],
    services: [{ name: 'ntp', start: 2.5, error: 'x' }],
  })
  expect(parseBootRecord(text, 'boot.json')).toEqual({
    version: 'v1',
    phases: [{ name: 'services', start: 2, end: 3, result: 'done' }],
    services: [{ name: 'ntp', start: 2.5, error: 'x' }],
  })
  expect(isWhole(parseBootRecord(text, 'boot.json'))).toBe(true)
  expect(isWhole({ ...record, phases: [{ name: 'services', start: 1 }] })).toBe(false)
})

test.each([
  '',
  '[]',
  'null',
  '{}',
  '{"version":"v","phases":{}}',
  '{"version":"v","phases":[{}]}',
  '{"version":"v","phases":[{"name":"a","start":"1"}]}',
  '{"version":"v","phases":[{"name":"a","start":-1}]}',
  '{"version":"v","phases":[],"services":[7]}',
])('what is no record is refused: %s', (text) => {
  expect(() => parseBootRecord(text, 'boot.json')).toThrow(
    expect.objectContaining({ code: 'ROS_CLI_BOOT_RECORD', subject: 'boot.json' }),
  )
})
