import { expect, test } from 'vitest'
import { redirectTarget } from './redirect.ts'

const target = (from: string, location: string, method: 'GET' | 'PUT' = 'GET') =>
  redirectTarget(new URL(from), location, 0, 5, { url: from, method }).href

test('relative and absolute addresses, http to https', () => {
  expect(target('https://a.example/x/y', '../z?q')).toBe('https://a.example/z?q')
  expect(target('http://a.example/', 'https://b.example/')).toBe('https://b.example/')
})

test('never from https to http, and never for what carries a body', () => {
  const refused = expect.objectContaining({ code: 'ROS_HTTP_REDIRECT' })
  expect(() => target('https://a.example/', 'http://a.example/')).toThrow(refused)
  expect(() => target('https://a.example/', '/b', 'PUT')).toThrow(refused)
})
