// The page of docs/demo in a browser: what is downloaded is what Node writes, and it starts.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { collect } from '@ros/bytes'
import { fileSource } from '@ros/bytes/node'
import { readInitrd } from '@ros/initrd'
import { lintIso } from '@ros/iso'
import { type Boot, probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type InitrdChoice, writeChosenInitrd, writeChosenIso } from '../docs/demo/make.ts'
import { type Page, withPage } from './devtools.ts'
import { root, runProgram } from './kit.ts'

const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox cat /etc/motd
/bin/busybox cat /proc/cmdline
/bin/busybox poweroff -f
`
const LIMIT = 2 ** 28
const CREATED = 1_767_312_000
const LOADER = {
  isolinux: '/usr/lib/ISOLINUX/isolinux.bin',
  ldlinux: '/usr/lib/syslinux/modules/bios/ldlinux.c32',
  mbr: '/usr/lib/ISOLINUX/isohdpfx.bin',
}
const folder = mkdtempSync(join(tmpdir(), 'ros-demo-'))
const at = (name: string) => join(folder, name)
const kernel = join(inject('artifacts'), 'vmlinuz')
let page: Uint8Array
const server = createServer((request, response) => {
  response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html' })
  response.end(request.url === '/' ? page : '')
})
let address: string

beforeAll(async () => {
  const built = await runProgram(process.execPath, [join(root, 'scripts/demo.mjs'), at('index.html')])
  expect(built.code, built.stderr).toBe(0)
  page = readFileSync(at('index.html'))
  for (const name of ['root/etc', 'root/proc', 'downloads']) mkdirSync(at(name), { recursive: true })
  writeFileSync(at('root/init'), INIT)
  writeFileSync(at('root/etc/motd'), 'HELLO-FROM-THE-PAGE\n')
  writeFileSync(at('root/proc/keep'), '')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  // A browser's helpers may still write for a moment.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
})

/** Sets a field as typing does. */
const set = (page: Page, selector: string, value: string) =>
  page.evaluate(`{
    const field = document.querySelector(${JSON.stringify(selector)})
    field.value = ${JSON.stringify(value)}
    field.dispatchEvent(new Event('input', { bubbles: true }))
    field.dispatchEvent(new Event('change', { bubbles: true }))
  }`)

/** Presses the button, by keyboard, and gives what the page says in the end. */
async function make(page: Page): Promise<string> {
  await page.evaluate(`document.querySelector('#make').focus()`)
  await page.press('Space')
  await page.until(
    `document.querySelector('#status').textContent !== '' && !document.querySelector('#make').hasAttribute('aria-disabled')`,
  )
  return String(await page.evaluate(`document.querySelector('#status').textContent`))
}

/** The file behind a link, fetched by keyboard. */
async function download(page: Page, name: string): Promise<string> {
  return page.download(async () => {
    await page.evaluate(`document.querySelector('#downloads a[download="${name}"]').focus()`)
    await page.press('Enter')
  })
}

async function pickRoot(page: Page): Promise<void> {
  await page.setFiles('#folder', [at('root')])
  await page.setFiles('#files', ['/bin/busybox'])
  await page.until(`document.querySelectorAll('#rows tr').length === 4`)
  await set(page, '[aria-label^="Path of busybox "]', 'bin/busybox')
}

async function pickLoader(page: Page): Promise<void> {
  await page.setFiles('#kernel', [kernel])
  for (const [id, path] of Object.entries(LOADER)) await page.setFiles(`#${id}`, [path])
  await set(page, '#append', 'console=ttyS0 panic=-1')
  await set(page, '#time', '2026-01-02T00:00')
}

const choice = (compression: InitrdChoice['compression']): InitrdChoice => {
  const one = (path: string, from: string, executable: boolean) => {
    return { path, content: fileSource(from), executable }
  }
  return {
    files: [
      one('init', at('root/init'), true),
      one('etc/motd', at('root/etc/motd'), false),
      one('proc/keep', at('root/proc/keep'), false),
      one('bin/busybox', '/bin/busybox', true),
    ],
    console: true,
    compression,
  }
}

const isoByNode = async (initrd: string) =>
  collect(
    await writeChosenIso({
      kernel: fileSource(kernel),
      initrd: fileSource(initrd),
      isolinux: fileSource(LOADER.isolinux),
      ldlinux: fileSource(LOADER.ldlinux),
      mbr: fileSource(LOADER.mbr),
      append: 'console=ttyS0 panic=-1',
      volumeId: 'LINUX',
      created: CREATED,
    }),
    LIMIT,
  )

/** Starts a machine that switches itself off; gives what came on its serial line. */
async function boot(from: Boot): Promise<string> {
  const { accelerator } = await probeAccelerator({})
  const command = qemuCommand({
    accelerator,
    memoryMb: 512,
    cpus: 1,
    boot: from,
    network: 'none',
    noReboot: true,
  })
  let text = ''
  const onConsole = (more: string) => {
    text += more
  }
  await using machine = await startMachine(command, { onConsole, stdin: 'ignore' })
  await machine.waitForLine(/HELLO-FROM-THE-PAGE/, 300_000)
  expect(await machine.exited).toMatchObject({ code: 0 })
  return text
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0

describe('files and a folder, picked', () => {
  let initrd: string
  let iso: string
  let gzipped: { initrd: string; iso: string }
  let requests: readonly string[]
  let complaints: readonly string[]

  beforeAll(async () => {
    await withPage(address, folder, async (page) => {
      await pickRoot(page)
      await pickLoader(page)
      expect(await make(page)).toBe('Made the initrd and the ISO.')
      initrd = await download(page, 'initrd')
      iso = await download(page, 'image.iso')
      await set(page, '#compression', 'gzip')
      expect(await make(page)).toBe('Made the initrd and the ISO.')
      gzipped = { initrd: await download(page, 'initrd'), iso: await download(page, 'image.iso') }
      ;({ requests, complaints } = page)
    })
  })

  test('nothing is asked of the network, and nothing goes wrong unseen', () => {
    expect(requests.filter((url) => !/^(blob|data):/.test(url))).toEqual([address])
    expect(complaints).toEqual([])
  })

  test('the initrd is what Node writes, with the files where they belong', async () => {
    const ours = await collect(writeChosenInitrd(choice('none')), LIMIT)
    expect(same(readFileSync(initrd), ours)).toBe(true)
    const { tree, dropped } = await readInitrd(fileSource(initrd))
    expect(dropped).toEqual([])
    expect([...tree].map(({ path, node }) => `${node.type} ${node.mode.toString(8)} ${path}`)).toEqual([
      'directory 755 bin',
      'file 755 bin/busybox',
      'directory 755 dev',
      'character 600 dev/console',
      'directory 755 etc',
      'file 644 etc/motd',
      'file 755 init',
      'directory 755 proc',
      'file 644 proc/keep',
    ])
  })

  test('gzip is the browser’s, its content the same', () => {
    const bytes = readFileSync(gzipped.initrd)
    expect(bytes.length).toBeLessThan(readFileSync(initrd).length * 0.7)
    expect(same(gunzipSync(bytes), readFileSync(initrd))).toBe(true)
  })

  test('the ISO is what Node writes around the same initrd', async () => {
    expect(same(readFileSync(iso), await isoByNode(initrd))).toBe(true)
    expect(same(readFileSync(gzipped.iso), await isoByNode(gzipped.initrd))).toBe(true)
    const findings = []
    for await (const found of lintIso(fileSource(iso))) findings.push(found)
    expect(findings).toEqual([])
  })

  test('the ISO starts as a CD', async () => {
    expect(await boot({ cdrom: iso })).toMatch(/ISOLINUX \d[\s\S]*console=ttyS0 panic=-1/)
  })

  test('the ISO with the gzipped initrd starts as a disk', async () => {
    expect(await boot({ disk: gzipped.iso, readOnly: true })).toMatch(/ISOLINUX \d/)
  })
})

describe('for the reader', () => {
  test('what is wrong is said', async () => {
    await withPage(address, folder, async (page) => {
      expect(await make(page)).toMatch(/No files/)
      await pickRoot(page)
      expect(await make(page)).toBe('Made the initrd.')
      await page.setFiles('#kernel', [kernel])
      expect(await make(page)).toMatch(/A kernel without isolinux\.bin/)
      await pickLoader(page)
      await set(page, '[aria-label^="Path of busybox "]', 'etc/motd')
      expect(await make(page)).toMatch(/^ROS_TREE_EXISTS: /)
      await set(page, '[aria-label^="Path of busybox "]', '../x')
      expect(await make(page)).toMatch(/^ROS_TREE_PATH: /)
      expect(await page.evaluate(`document.querySelectorAll('#downloads a').length`)).toBe(0)
    })
  })

  test('the keyboard reaches everything in order, and takes a row away', async () => {
    await withPage(address, folder, async (page) => {
      await pickRoot(page)
      const controls = await page.evaluate(
        `document.activeElement.blur(), document.querySelectorAll('input, select, button, a').length`,
      )
      const reached = new Set<unknown>()
      const order: unknown[] = []
      const focused = `document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.tagName`
      for (let presses = 0; presses < 100; presses++) {
        await page.press('Tab')
        const one = await page.evaluate(focused)
        if (one === 'BODY') break
        // Parts of a date are stops of their own in one field.
        if (!reached.has(one)) order.push(one)
        reached.add(one)
      }
      expect(order).toHaveLength(Number(controls))
      expect(order[0]).toBe('files')
      expect(order.at(-1)).toBe('make')
      await page.evaluate(`document.querySelector('[aria-label="Remove etc/motd"]').focus()`)
      await page.press('Enter')
      await page.until(`document.querySelectorAll('#rows tr').length === 3`)
      expect(await page.evaluate(focused)).toMatch(/^Remove /)
    })
  })

  test.each(['light', 'dark'] as const)('axe finds nothing, %s', async (scheme) => {
    await withPage(address, folder, async (page) => {
      await page.setScheme(scheme)
      await pickRoot(page)
      await make(page)
      await page.evaluate(axe.source)
      const found = await page.evaluate(`axe.run().then(({ passes, violations }) => ({
        passed: passes.map(({ id }) => id),
        faults: violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)]),
        back: getComputedStyle(document.body).backgroundColor,
      }))`)
      expect(found).toMatchObject({
        passed: expect.arrayContaining(['color-contrast', 'label', 'html-has-lang']),
        faults: [],
        back: scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(15, 19, 24)',
      })
    })
  })
})
