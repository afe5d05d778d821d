import { describe, expect, test } from 'vitest'
import { checkRepoTag, formatReference, parseReference } from './index.ts'

const hex = 'a'.repeat(64)

describe('parseReference', () => {
  test.each([
    ['busybox', { domain: 'docker.io', path: 'library/busybox' }],
    ['busybox:1.35', { domain: 'docker.io', path: 'library/busybox', tag: '1.35' }],
    ['rancher/os-base', { domain: 'docker.io', path: 'rancher/os-base' }],
    ['docker.io/busybox', { domain: 'docker.io', path: 'library/busybox' }],
    ['index.docker.io/a/b', { domain: 'docker.io', path: 'a/b' }],
    ['localhost/a', { domain: 'localhost', path: 'a' }],
    ['localhost:5000/a/b/c:x', { domain: 'localhost:5000', path: 'a/b/c', tag: 'x' }],
    ['[::1]:5000/a', { domain: '[::1]:5000', path: 'a' }],
    ['REG/a', { domain: 'REG', path: 'a' }],
    ['a/b__c.d-e---f', { domain: 'docker.io', path: 'a/b__c.d-e---f' }],
    [`a@sha256:${hex}`, { domain: 'docker.io', path: 'library/a', digest: `sha256:${hex}` }],
    [`r.io/a:t@sha256:${hex}`, { domain: 'r.io', path: 'a', tag: 't', digest: `sha256:${hex}` }],
  ])('%s', (text, expected) => expect(parseReference(text)).toEqual(expected))

  test.each([
    ['', 'repository'],
    ['Busybox', 'repository'],
    ['a//b', 'repository'],
    ['a/', 'repository'],
    ['/a', 'repository'],
    ['a___b', 'repository'],
    ['a..b', 'repository'],
    ['-a', 'repository'],
    ['a b', 'repository'],
    ['a:', 'tag'],
    ['a:.x', 'tag'],
    [`a:${'x'.repeat(129)}`, 'tag'],
    ['a@sha256:12', 'digest'],
    ['a@', 'digest'],
    ['-x.io/a', 'host'],
    ['x.io:/a', 'host'],
    ['x.io:port/a', 'host'],
    [hex, 'image id'],
    [`x.io/${'y'.repeat(251)}`, 'too long'],
  ])('refuses %s', (text, word) => {
    expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'ROS_IMAGES_TAR_REFERENCE' }))
    expect(() => parseReference(text)).toThrow(word)
  })

  test('limits are inclusive: a name of 255 characters, a tag of 128', () => {
    expect(parseReference(`x.io/${'y'.repeat(250)}`).path).toHaveLength(250)
    expect(parseReference(`a:${'x'.repeat(128)}`).tag).toHaveLength(128)
  })

  test('says how to write an upper-case repository', () => {
    expect(() => parseReference('rancher/OS')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('os') }),
    )
  })
})

describe('formatReference and checkRepoTag', () => {
  test('leave out what docker leaves out', () => {
    expect(formatReference({ domain: 'docker.io', path: 'library/busybox', tag: '1' })).toBe('busybox:1')
    expect(formatReference({ domain: 'r.io', path: 'library/busybox' })).toBe('r.io/library/busybox')
    expect(checkRepoTag('docker.io/rancher/os-base:v1')).toBe('rancher/os-base:v1')
  })

  test('an archive needs repository and tag', () => {
    expect(() => checkRepoTag('busybox')).toThrow(expect.objectContaining({ hint: 'write busybox:latest' }))
    expect(() => checkRepoTag(`busybox@sha256:${hex}`)).toThrow('repository:tag')
    expect(() => checkRepoTag(`busybox:1@sha256:${hex}`)).toThrow('no digest')
  })
})
