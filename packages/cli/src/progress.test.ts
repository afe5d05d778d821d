import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Terminal } from './print.ts'
import { describe as line, plainProgress } from './progress.ts'

/** What is written off a terminal, and a clock that moves on demand. */
function offTerminal(verbose = false) {
  const written: string[] = []
  const stderr = { write: (text: string) => written.push(text) > 0 } as unknown as Terminal['stderr']
  return { ...plainProgress({ stderr, now: () => Date.now() }, verbose), written: () => written.join('') }
}

describe('off a terminal', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('a line when a step has ended, and one before when that takes a while', async () => {
    const { sink, end, written } = offTerminal()
    sink({ step: 'fetch', text: '3 packages', done: 0, total: 40e6 })
    vi.advanceTimersByTime(1000)
    sink({ step: 'fetch', text: '3 packages', done: 20e6, total: 40e6 })
    expect(written()).toBe('')
    vi.advanceTimersByTime(1000)
    expect(written()).toBe('fetch: 3 packages …\n')
    sink({ step: 'fetch', text: '3 packages', done: 40e6, total: 40e6 })
    sink({ step: 'iso', text: 'writing' })
    await end(false)
    await end(false)
    vi.advanceTimersByTime(10_000)
    expect(written()).toBe(
      'fetch: 3 packages …\nfetch: 3 packages · 40 MB · 20 MB/s · 2.0 s\niso: writing · 0.0 s\n',
    )
  })

  test('with --verbose a line when a step begins, always', async () => {
    const { sink, end, written } = offTerminal(true)
    sink({ step: 'iso', text: 'writing' })
    expect(written()).toBe('iso: writing …\n')
    await end(false)
    expect(written()).toBe('iso: writing …\niso: writing · 0.0 s\n')
  })

  test('a step that fails is named, as one that has not ended', async () => {
    const { sink, end, written } = offTerminal()
    sink({ step: 'iso', text: 'writing' })
    await end(true)
    vi.advanceTimersByTime(10_000)
    expect(written()).toBe('iso: writing …\n')
  })
})

test('amount, rate, what is left, time', () => {
  const progress = { step: 'iso', text: 'writing', done: 50e6, total: 150e6 }
  expect(line(progress, 100, false)).toBe('iso: writing · 50 MB of 150 MB')
  expect(line(progress, 2000, false)).toBe('iso: writing · 50 MB of 150 MB · 25 MB/s · 4 s left')
  expect(line({ ...progress, done: 150e6 }, 6000, true)).toBe('iso: writing · 150 MB · 25 MB/s · 6.0 s')
})

/** Runs steps on a terminal of its own (script(1)); gives everything that was written to it. */
function onTerminal(env: NodeJS.ProcessEnv, failed: boolean): string {
  const folder = mkdtempSync(join(tmpdir(), 'ros-progress-'))
  try {
    const program = join(folder, 'steps.ts')
    writeFileSync(
      program,
      `import { taskList } from ${JSON.stringify(new URL('progress.ts', import.meta.url).href)}
       const { sink, end } = taskList({ stderr: process.stderr, now: () => performance.now() })
       sink({ step: 'fetch', text: 'packages', done: 0, total: 2e6 })
       await new Promise((resolve) => setTimeout(resolve, 700))
       sink({ step: 'fetch', text: 'packages', done: 1e6, total: 2e6 })
       await new Promise((resolve) => setTimeout(resolve, 300))
       for (const step of ['kernel', 'iso']) sink({ step, text: 'writing' })
       await end(${failed})`,
    )
    const node = `'${process.execPath}' --conditions=@ros/source --disable-warning=ExperimentalWarning '${program}'`
    const environment: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm', ...env }
    // Node has no colours for a terminal of a CI system that it does not know.
    delete environment['CI']
    return execFileSync('script', ['-qec', `stty rows 30 cols 100; ${node}`, '/dev/null'], {
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('on a terminal: a list of steps, the one that runs with amount and rate, in colours unless they are off', () => {
  const shown = onTerminal({}, false)
  const plain = stripVTControlCharacters(shown)
  expect(plain).toMatch(/fetch: packages · 1\.0 MB of 2\.0 MB/)
  expect(plain).toMatch(/✔ fetch: packages · 1\.0 MB · .*\d s[\s\S]*✔ kernel: writing[\s\S]*✔ iso: writing/)
  expect(shown).toContain('\u001b[32m')
  expect(onTerminal({ NO_COLOR: '1' }, false)).not.toContain('\u001b[32m')
})

test('on a terminal: a step that fails is not shown as done', () => {
  const plain = stripVTControlCharacters(onTerminal({}, true))
  expect(plain).toContain('✔ kernel: writing')
  expect(plain).not.toContain('✔ iso')
})
