import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConsoleLines, plainText } from './console-lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function consoleOf(...texts: string[]): ConsoleLines {
  const lines = new ConsoleLines()
  for (const text of texts) lines.push(bytes(text))
  return lines
}

test.each([
  ['\x1bc\x1b[?7l\x1b[2J\x1b[0mhello\r', 'hello'],
  ['\x1b[1;31mred\x1b[0m', 'red'],
  ['\x1b]0;title\x07text\x1b]8;;x\x1b\\link', 'textlink'],
  ['a\tb\x00\x07\x08\x7f', 'a\tb'],
  ['\x1b(Bgrüße', 'grüße'],
])('%j is shown as %j', (raw, shown) => {
  expect(plainText(raw)).toBe(shown)
})

test('a wait finds what was printed already, then goes on behind it', async () => {
  const lines = consoleOf('one\r\ntwo\r\none again\r\n')
  expect(await lines.waitFor(/one/, 1_000)).toBe('one')
  expect(await lines.waitFor(/one/, 1_000)).toBe('one again')
  const third = lines.waitFor(/one/g, 10_000)
  lines.push(bytes('no\nand one more\n'))
  expect(await third).toBe('and one more')
})

test('a prompt without a line end is found, once', async () => {
  const lines = consoleOf('boot\nlogin: ')
  expect(await lines.waitFor(/login: $/, 1_000)).toBe('login: ')
  lines.push(bytes('root\nPassword: '))
  await expect(lines.waitFor(/login/, 20)).rejects.toMatchObject({ code: 'ROS_QEMU_CONSOLE_TIMEOUT' })
  expect(await lines.waitFor(/Password/, 1_000)).toBe('Password: ')
})

test('two waits at once both get their line, and a line may come in pieces', async () => {
  const lines = consoleOf()
  const both = Promise.all([lines.waitFor(/second/, 10_000), lines.waitFor(/first/, 10_000)])
  for (const part of ['fi', 'rst l', 'ine\r', '\nsec', 'ond\r\n']) lines.push(bytes(part))
  expect(await both).toEqual(['second', 'first line'])
})

test('characters cut between chunks are put together', async () => {
  const lines = new ConsoleLines()
  const text = bytes('grüße €\n')
  for (const byte of text) lines.push(Uint8Array.of(byte))
  expect(await lines.waitFor(/€/, 1_000)).toBe('grüße €')
})

test('the timeout shows the last thirty lines that are not empty', async () => {
  const lines = consoleOf(Array.from({ length: 50 }, (_, index) => `line ${index}\r\n\r\n`).join(''), 'rest')
  await expect(lines.waitFor(/never/, 10)).rejects.toMatchObject({
    code: 'ROS_QEMU_CONSOLE_TIMEOUT',
    subject: 'console /never/',
    limit: '0.01 s',
    lines: [...Array.from({ length: 29 }, (_, index) => `line ${index + 21}`), 'rest'],
    message: expect.stringContaining('\n  line 49\n  rest'),
  })
  await expect(new ConsoleLines().waitFor(/x/, 5)).rejects.toThrow(
    'did not come, got no line at all (0.005 s)',
  )
})

test('the end of the machine ends waits, but not those whose line is there', async () => {
  const lines = consoleOf('last words\n')
  const open = lines.waitFor(/more/, 10_000)
  lines.end(() => new Error('gone'))
  await expect(open).rejects.toThrow('gone')
  expect(await lines.waitFor(/words/, 1_000)).toBe('last words')
  await expect(lines.waitFor(/words/, 1_000)).rejects.toThrow('gone')
})

test('a line without end and a console without end take bounded memory', async () => {
  const lines = consoleOf('x'.repeat(200_000))
  expect(lines.last().map((line) => line.length)).toEqual([65_536, 65_536, 65_536, 3_392])
  for (let index = 0; index < 30; index++) lines.push(bytes('y\n'.repeat(1_000)))
  expect(lines.last(1_000_000)).toHaveLength(10_000)
  lines.push(bytes('found\n'))
  expect(await lines.waitFor(/found/, 1_000)).toBe('found')
})

test('however the text is cut into chunks, the lines are the same', () => {
  const unit = fc.constantFrom('a', 'é', '\n', '\r\n', '\x1b[1m', ' ')
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 5 })),
      (parts, cuts) => {
        const whole = bytes(parts.join(''))
        const pieces = new ConsoleLines()
        let start = 0
        for (const cut of [...cuts, whole.length]) {
          pieces.push(whole.subarray(start, start + cut))
          start += cut
        }
        expect(pieces.last(1_000)).toEqual(consoleOf(parts.join('')).last(1_000))
      },
    ),
  )
})
