import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { Tree } from '@ros/tree'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addIsolinux, bootOptions } from '../test/sample-tree.ts'
import { waitForSerial } from '../test/serial-boot.ts'
import { layoutIso, writeIso } from './index.ts'

const TIMEOUT_MS = 110_000
let folder: string
let image: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'iso-boot-'))
  image = join(folder, 'boot.iso')
  await replaceFile(image, writeIso(layoutIso(addIsolinux(new Tree()), bootOptions())))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('SeaBIOS starts isolinux, which reads its configuration', () => {
  test('from the image as a CD', { timeout: 120_000 }, async () => {
    const output = await waitForSerial(['-cdrom', image], 'ISOLINUX-WAS-HERE', TIMEOUT_MS)
    expect(output).toMatch(/ISOLINUX \d/)
  })

  test('from the same image as a disk', { timeout: 120_000 }, async () => {
    const drive = `file=${image},format=raw,if=ide,snapshot=on`
    const output = await waitForSerial(['-drive', drive], 'ISOLINUX-WAS-HERE', TIMEOUT_MS)
    expect(output).toMatch(/ISOLINUX \d/)
  })
})
