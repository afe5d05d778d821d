import { spawn } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBytes, fromText, zeros } from '@ros/bytes'
import { device, directory, file, symlink, Tree } from '@ros/tree'
import { afterAll, describe, expect, test } from 'vitest'
import { extractEntries } from './extract.ts'

const folder = mkdtempSync(join(tmpdir(), 'ros-extract-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string) => join(folder, name)
const idle = new AbortController().signal
const target = (name: string) => {
  mkdirSync(at(name))
  return at(name)
}

describe('extractEntries', () => {
  test('follows no link of the target', async () => {
    const into = target('linked')
    const outside = target('outside')
    symlinkSync(outside, join(into, 'etc'))
    const tree = new Tree().addDirectories('etc').add('etc/passwd', file(fromText('x')))
    await expect(extractEntries(tree, into, idle)).rejects.toMatchObject({ code: 'ROS_CLI_EXTRACT' })
    await expect(
      extractEntries([{ path: 'etc/passwd', node: file(fromText('x')) }], into, idle),
    ).rejects.toMatchObject({ code: 'ROS_CLI_EXTRACT' })
    expect(readdirSync(outside)).toEqual([])
    writeFileSync(join(outside, 'kept'), 'kept')
    symlinkSync(join(outside, 'kept'), join(into, 'file'))
    await extractEntries(new Tree().add('file', file(fromText('new'))), into, idle)
    expect(readFileSync(join(outside, 'kept'), 'utf8')).toBe('kept')
    expect(lstatSync(join(into, 'file')).isFile()).toBe(true)
  })

  test.each(['../up', 'a/../../up', '/absolute', 'nul\0', ''])('refuses the name %j', async (path) => {
    const into = at('hostile')
    const entries = [{ path, node: file(fromText('x')) }]
    await expect(extractEntries(entries, into, idle)).rejects.toMatchObject({ code: 'ROS_CLI_EXTRACT' })
    expect(existsSync(at('up'))).toBe(false)
  })

  test('a link inside the archive is no way out either', async () => {
    const entries = [
      { path: 'd', node: symlink('/tmp') },
      { path: 'd/file', node: file(fromText('x')) },
    ]
    await expect(extractEntries(entries, target('through'), idle)).rejects.toMatchObject({
      code: 'ROS_CLI_EXTRACT',
    })
  })

  test('hard links and names that differ in case only are made inside, whatever stands there', async () => {
    const into = target('links')
    const outside = target('outside-2')
    writeFileSync(join(outside, 'kept'), 'kept')
    // What the links lead to must neither be written, nor be linked to.
    symlinkSync(join(outside, 'kept'), join(into, 'a'))
    symlinkSync(outside, join(into, 'D'))
    const shared = file(fromText('shared'))
    await extractEntries(
      [
        { path: 'a', node: shared },
        { path: 'b', node: shared },
      ],
      into,
      idle,
    )
    expect(lstatSync(join(into, 'a')).ino).toBe(lstatSync(join(into, 'b')).ino)
    expect(readFileSync(join(outside, 'kept'), 'utf8')).toBe('kept')
    const caseTree = new Tree()
      .addDirectories('d')
      .add('d/x', file(fromText('x')))
      .add('link', symlink('d'))
      .add('Link', symlink('/'))
    await extractEntries(caseTree, into, idle)
    expect(readdirSync(outside)).toEqual(['kept'])
    const through = [
      { path: 'D', node: directory() },
      { path: 'D/x', node: file(fromText('x')) },
    ]
    await expect(extractEntries(through, into, idle)).rejects.toMatchObject({ code: 'ROS_CLI_EXTRACT' })
    expect(readdirSync(outside)).toEqual(['kept'])
  })

  test('somebody who puts links in the place of directories meanwhile does not lead it away', async () => {
    const into = target('raced')
    const outside = target('outside-3')
    const swap = `
      const fs = require('node:fs')
      const [into, outside] = process.argv.slice(1)
      for (const end = Date.now() + 4000; Date.now() < end; ) {
        try { fs.renameSync(into + '/d', into + '/aside'); fs.symlinkSync(outside, into + '/d') } catch {}
        try { fs.unlinkSync(into + '/d'); fs.renameSync(into + '/aside', into + '/d') } catch {}
      }`
    const tree = new Tree().addDirectories('d')
    for (let i = 0; i < 40; i++) tree.add(`d/${i}`, file(fromText('x'))).add(`d/link-${i}`, symlink('x'))
    const child = spawn(process.execPath, ['-e', swap, into, outside], { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.on('close', resolve))
    let tries = 0
    while (child.exitCode === null) {
      tries++
      // It may well fail: what it may not is write elsewhere.
      await extractEntries(tree, into, idle).catch((error: unknown) =>
        expect(error).toMatchObject({ code: 'ROS_CLI_EXTRACT' }),
      )
    }
    await ended
    expect(tries).toBeGreaterThan(0)
    expect(readdirSync(outside)).toEqual([])
    expect(lstatSync(outside).mode % 0o1000).toBe(lstatSync(at('outside-2')).mode % 0o1000)
  }, 30_000)

  test('drops setuid, skips devices, leaves nothing of a file that fails', async () => {
    const into = target('special')
    const tree = new Tree()
      .add('console', device('character', 5, 1))
      .add('su', file(fromText('x'), { mode: 0o4755 }))
    const { skipped } = await extractEntries(tree, into, idle)
    expect(skipped).toEqual([{ path: 'console', reason: 'a character is not made' }])
    expect(lstatSync(join(into, 'su')).mode % 0o10000).toBe(0o755)
    const failing = {
      ...fromBytes(Buffer.from('xx')),
      // oxlint-disable-next-line require-yield -- it fails before it has anything
      async *open(): AsyncGenerator<Uint8Array> {
        throw new Error('unreadable')
      },
    }
    await expect(extractEntries(new Tree().add('bad', file(failing)), into, idle)).rejects.toThrow(
      'unreadable',
    )
    expect(readdirSync(into)).toEqual(['su'])
  })

  test('stops when it is told to', async () => {
    const stopping = new AbortController()
    stopping.abort(new Error('stopped'))
    const tree = new Tree().add('large', file(zeros(10_000_000)))
    await expect(extractEntries(tree, target('stopped'), stopping.signal)).rejects.toThrow('stopped')
  })
})
