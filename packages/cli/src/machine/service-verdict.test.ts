import { expect, test } from 'vitest'
import { judgeServices } from './service-verdict.ts'

const config = `rancher:
  services:
    volumes: {labels: {io.rancher.os.createonly: "true"}}
    console: {}
    once: {}
`
const text = (containers: string[], docker = '20.10.24') =>
  `=== config\n${config}\n=== containers\n${containers.join('\n')}\n\n=== docker\n${docker}\n\n=== version\nros version v1\n\n=== kernel\n6.1\n\n`
const fine = [
  'volumes\tcreated\tCreated',
  'console\trunning\tUp 3 seconds',
  'once\texited\tExited (0) 2 seconds ago',
]

test('all there', () => {
  const found = judgeServices(text(fine))
  expect(found).toMatchObject({ problems: [], version: 'ros version v1', kernel: '6.1' })
  expect(found.services.map(({ name, ok }) => [name, ok])).toEqual([
    ['volumes', true],
    ['console', true],
    ['once', true],
  ])
})

test.each([
  [fine.slice(1), 'service volumes: absent'],
  [fine.with(1, 'console\texited\tExited (1) 2 seconds ago'), 'service console: Exited (1) 2 seconds ago'],
  [fine.with(1, 'console\tcreated\tCreated'), 'service console: Created'],
  [
    fine.with(1, 'console\trestarting\tRestarting (1) 1 second ago'),
    'service console: Restarting (1) 1 second ago',
  ],
  [[...fine, 'other\texited\tExited (137) 1 second ago'], 'service other: Exited (137) 1 second ago'],
])('%j', (containers, problem) => {
  expect(judgeServices(text(containers)).problems).toEqual([problem])
})

test('the user docker does not answer; nothing is there at all', () => {
  expect(judgeServices(text(fine, 'Cannot connect')).problems).toEqual([
    'docker does not answer: Cannot connect',
  ])
  expect(judgeServices('').problems).toHaveLength(1)
})
