import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMMANDS } from './commands.ts'
import { completeWords } from './complete-words.ts'
import { openProject } from './project.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ros-complete-'))
  mkdirSync(join(folder, '.rancheros/machines/web'), { recursive: true })
  mkdirSync(join(folder, 'bin'))
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const program = join(folder, 'bin/rancheros-kit')
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' --conditions=@ros/source --disable-warning=ExperimentalWarning '${main}' "$@"\n`,
  )
  chmodSync(program, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('completeWords', () => {
  const complete = (...words: string[]) => completeWords(words, COMMANDS, openProject(folder))
  test.each([
    [['r'], ['run']],
    [['run', '--is'], ['--iso']],
    [['run', '--accel', 't'], ['tcg']],
    [
      ['lint', '--as', 'i'],
      ['iso', 'initrd'],
    ],
    [
      ['ssh', '-n', ''],
      ['default', 'web'],
    ],
    [['stop', 'w'], ['web']],
    [['cp', 'file', 'w'], ['web:']],
    [['build', '--recipe', 'deb'], ['debian']],
    [['completion', 'f'], ['fish']],
    [['--js'], ['--json']],
    [['run', '--cloud-config', ''], []],
    [['nonsense', ''], []],
  ])('%j', (words, expected) => expect(complete(...words)).toEqual(expected))

  test('every command, and no option that is hidden', () => {
    expect(complete('')).toEqual(COMMANDS.map(({ name }) => name))
    expect(complete('ssh', '--not')).toEqual([])
  })
})

/** The script of each shell, asked for `run --accel k` and for `stop w`. */
const SHELLS = {
  bash: `eval "$(rancheros-kit completion bash)"
    ask() { COMP_WORDS=(rancheros-kit "$@"); COMP_CWORD=$#; _rancheros_kit; echo "\${COMPREPLY[@]}"; }
    ask run --accel k; ask stop w`,
  zsh: `compdef() { }; _files() { print files }; compadd() { shift; print -l -- $@ }
    eval "$(rancheros-kit completion zsh)"
    ask() { words=(rancheros-kit "$@"); CURRENT=$#words; _rancheros_kit }
    ask run --accel k; ask stop w`,
  fish: `rancheros-kit completion fish | source
    complete -C 'rancheros-kit run --accel k'; complete -C 'rancheros-kit stop w'`,
} as const

test.each(Object.entries(SHELLS))('%s completes', (shell, script) => {
  const args =
    shell === 'zsh' ? ['-fc', script] : shell === 'bash' ? ['--norc', '-c', script] : ['-N', '-c', script]
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}`, HOME: folder }
  const found = execFileSync(shell, args, { cwd: folder, env, encoding: 'utf8' })
  expect(found.trim().split('\n')).toEqual(['kvm', 'web'])
})
