import { RosError } from '@ros/bytes'
import { describe, expect, test } from 'vitest'
import { exitCode } from './exit-code.ts'
import { printError, type Terminal } from './print.ts'

function recorder(isTTY: boolean) {
  const written: string[] = []
  let time = 0
  const stderr = { isTTY, columns: 80, write: (text: string) => written.push(text) > 0 }
  const terminal = { stderr: stderr as unknown as Terminal['stderr'], now: () => time }
  return { terminal, text: () => written.join(''), advance: (ms: number) => void (time += ms) }
}

describe('printError', () => {
  test('prints message, hint and code of an error of ours, without a stack', () => {
    const { terminal, text } = recorder(false)
    const error = new RosError('ROS_ISO_X', 'too long', {
      subject: 'a/b',
      got: '9',
      limit: '8 (§1)',
      hint: 'shorten',
    })
    printError(error, terminal)
    expect(text()).toBe(
      'rancheros-kit: error: a/b: too long, got 9 (8 (§1))\n  hint: shorten\n  code: ROS_ISO_X\n',
    )
  })

  test('shows the stack of a bug', () => {
    const { terminal, text } = recorder(false)
    printError(new TypeError('oops'), terminal)
    expect(text()).toMatch(/bug in the kit[\s\S]*TypeError: oops\n\s+at /)
  })
})

test.each([
  ['ROS_CLI_USAGE', 2],
  ['ROS_CLI_INTERRUPTED', 130],
  ['ROS_ISO_FIELD', 1],
])('%s ends with exit code %d', (code, exit) => {
  expect(exitCode(new RosError(code, 'x', { subject: 'y' }))).toBe(exit)
})

test('a bug ends with exit code 70', () => {
  expect(exitCode(new Error('x'))).toBe(70)
  expect(exitCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(70)
})
