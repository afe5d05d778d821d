import { readFileSync } from 'node:fs'
import { fatRules } from '@ros/disk'
import { dockerSaveRules, ociLayoutRules } from '@ros/images-tar'
import { initrdRules } from '@ros/initrd'
import { isoRules } from '@ros/iso'
import { partitionRules } from '@ros/partitions'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../../../docs/lint.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ')

test('the page of rules has every rule as it is, and no other', () => {
  const rules = Object.entries({
    ...initrdRules,
    ...isoRules,
    ...dockerSaveRules,
    ...ociLayoutRules,
    ...partitionRules,
    ...fatRules,
  })
  for (const [id, { severity, fault, section }] of rules)
    expect(page).toContain(`| \`${id}\` | ${severity} | ${fault} | ${section} |`)
  expect(page.match(/^\| `/gm)).toHaveLength(rules.length)
})
