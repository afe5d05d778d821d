import { describe, expect, test } from 'vitest'
import { checkVersion, compareVersions } from './index.ts'

describe('compareVersions', () => {
  test.each([
    ['1.0', '1.0', 0],
    ['1.0', '1.0-0', 0],
    ['0:1.0', '1.0', 0],
    ['1.00', '1.0', 0],
    ['1.0~', '1.0', -1],
    ['1.0~~', '1.0~', -1],
    ['1.0~~a', '1.0~', -1],
    ['1.0~rc1-1', '1.0-1', -1],
    ['1.0-1~deb12u1', '1.0-1', -1],
    ['1.0-1', '1.0-1+b1', -1],
    ['1.9', '1.10', -1],
    ['1.0a', '1.0+', -1],
    ['1.0.', '1.0a', 1],
    ['2:0.1', '1:99', 1],
    ['1-2-3', '1-10-1', -1],
    ['99999999999999999999998', '99999999999999999999999', -1],
    ['1:4.4.33-2', '4.4.33-2', 1],
  ])('%s and %s', (a, b, order) => {
    expect(Math.sign(compareVersions(a, b))).toBe(order)
    expect(Math.sign(compareVersions(b, a))).toBe(order === 0 ? 0 : -order)
  })
})

test.each(['', '-1', ':1', 'a:1', '1:', '1-', '1_2', '1 2', '1é', '99999999999:1', '1-2_3'])(
  'checkVersion refuses %j',
  (text) => {
    expect(() => checkVersion(text, 'pkg')).toThrow(
      expect.objectContaining({ code: 'ROS_DEBIAN_SYNTAX', subject: 'pkg' }),
    )
  },
)
