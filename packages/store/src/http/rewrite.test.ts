import { expect, test } from 'vitest'
import { parseRewrites, rewriteUrl } from './rewrite.ts'

const rules = parseRewrites([
  'https://a.example/=http://127.0.0.1:8000/a/',
  'https://a.example/deep/=http://127.0.0.1:8001/',
  'https://a.example/=http://127.0.0.1:8002/',
])

test('the longest fitting rule decides, and its places are all there are', () => {
  expect(rewriteUrl('https://a.example/x?y', rules)).toEqual([
    'http://127.0.0.1:8000/a/x?y',
    'http://127.0.0.1:8002/x?y',
  ])
  expect(rewriteUrl('https://a.example/deep/x', rules)).toEqual(['http://127.0.0.1:8001/x'])
  expect(rewriteUrl('https://a.example.org/x', rules)).toEqual(['https://a.example.org/x'])
})

test('an equals sign in an address does not divide it', () => {
  expect(parseRewrites(['https://a.example/?a=b=https://b.example/?c=d'])).toEqual([
    { from: 'https://a.example/?a=b', to: ['https://b.example/?c=d'] },
  ])
})

test.each([
  '',
  'https://a.example/',
  'a=b',
  'ftp://a.example/=https://b.example/',
  'https://a.example/=file:///etc',
])('%j is no rule', (text) => {
  expect(() => parseRewrites([text])).toThrow(expect.objectContaining({ code: 'ROS_HTTP_URL' }) as Error)
})
