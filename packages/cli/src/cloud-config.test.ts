import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { userData } from './cloud-config.ts'

const key = 'ssh-ed25519 AAAA project'
const given = (text: string) => ({ text, name: 'c.yml' })

describe('userData', () => {
  test('without a file has the key alone', () => {
    const text = userData(undefined, `${key}\n`)
    expect(text).toMatch(/^#cloud-config\n/)
    expect(parse(text)).toEqual({ ssh_authorized_keys: [key] })
    expect(userData(given('#cloud-config\n'), key)).toBe(text)
  })

  test('keeps the file and adds the key once', () => {
    const text = userData(
      given('#cloud-config\n# mine\nhostname: box\nssh_authorized_keys:\n  - other\n'),
      key,
    )
    expect(text).toMatch(/^#cloud-config\n/)
    expect(text).toContain('# mine')
    expect(parse(text)).toEqual({ hostname: 'box', ssh_authorized_keys: ['other', key] })
    expect(parse(userData(given(text), key))).toEqual(parse(text))
  })

  test('leaves a script alone', () => {
    expect(userData(given('#!/bin/sh\necho hi\n'), key)).toBe('#!/bin/sh\necho hi\n')
  })

  test.each([
    ['#cloud-config\na: [\n', /c\.yml:\d+:\d+: cloud-config is not YAML/],
    ['- a\n', /c\.yml:1:1: cloud-config is not a mapping/],
    ['text', /not a mapping/],
  ])('refuses %j', (text, message) => {
    const attempt = () => userData(given(text), key)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(expect.objectContaining({ code: 'ROS_CLI_CLOUD_CONFIG' }))
  })
})
