import { expect, test } from 'vitest'
import { BytesError, RosError } from './index.ts'

test('the message has subject, problem, what was got and the limit', () => {
  const cause = new Error('below')
  const error = new BytesError('ROS_BYTES_LIMIT', 'too long', {
    subject: '/etc/motd',
    got: '9 bytes',
    limit: '8 bytes',
    hint: 'make it shorter',
    cause,
  })
  expect(error.message).toBe('/etc/motd: too long, got 9 bytes (8 bytes)')
  expect(error).toMatchObject({
    name: 'BytesError',
    code: 'ROS_BYTES_LIMIT',
    subject: '/etc/motd',
    got: '9 bytes',
    limit: '8 bytes',
    hint: 'make it shorter',
    cause,
  })
  expect(error).toBeInstanceOf(RosError)
  expect(error).toBeInstanceOf(Error)
})

test('what is not known is left out', () => {
  const error = new RosError('ROS_OTHER', 'is missing', { subject: 'kernel' })
  expect(error.message).toBe('kernel: is missing')
  expect(error).toMatchObject({ name: 'RosError', got: undefined, limit: undefined, hint: undefined })
  expect('cause' in error).toBe(false)
})
