import { createHash } from 'node:crypto'
import { fromBytes } from '@ros/bytes'
import { file, Tree } from '@ros/tree'
import { expect, test } from 'vitest'
import { edgeTree, isoBytes, pattern } from '../test/sample-tree.ts'
import type { IsoOptions } from './index.ts'

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Stands for isolinux.bin: the signature that a hybrid image needs, at byte 64. */
function bootImage(): Uint8Array {
  const bytes = pattern(3001, 5)
  bytes.set([0xfb, 0xc0, 0x78, 0x70], 64)
  return bytes
}

const options: IsoOptions = {
  volumeId: 'Golden',
  publisher: 'publisher',
  preparer: 'preparer',
  application: 'application',
  created: 1_700_000_000,
  boot: {
    bios: { image: 'boot.bin', catalog: 'boot.cat' },
    hybrid: { mbr: pattern(432, 1), diskId: 0xcafe_f00d },
  },
}

test('the edge tree, bootable and hybrid', async () => {
  const tree = edgeTree().add('boot.bin', file(fromBytes(bootImage())))
  expect(digest(await isoBytes(tree, options))).toMatchInlineSnapshot(
    `"92eae63699ba1f1a6055e1275b2009909068608d30e212b00a5644935c964867"`,
  )
})

test('the edge tree with an EFI system partition', async () => {
  const tree = edgeTree().add('boot.bin', file(fromBytes(bootImage())))
  const boot = { ...options.boot, uefi: { esp: fromBytes(pattern(5120, 3)) } } as IsoOptions['boot'] & object
  expect(digest(await isoBytes(tree, { ...options, boot }))).toMatchInlineSnapshot(
    `"40974f78db81fcd56a3de008844102125733f7efd13a140c92bbb40c4741235d"`,
  )
})

test('an empty tree without extensions', async () => {
  const bytes = await isoBytes(new Tree(), { volumeId: 'E', created: 0, rockRidge: false, joliet: false })
  expect(bytes.length).toBe(21 * 2048)
  expect(digest(bytes)).toMatchInlineSnapshot(
    `"ff2167e596e7ced2f3f66dd38280156d0f19d55dcad4f35d5821b78490e4ff01"`,
  )
})
