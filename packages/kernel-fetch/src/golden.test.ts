import { readAll } from '@ros/bytes'
import { sha256 } from '@ros/bytes/node'
import { expect, test } from 'vitest'
import { sampleTree } from '../test/sample-kernel.ts'
import { moduleIndex, readKernel, selectModules } from './index.ts'

test('the tree of a selection from a fixed kernel', async () => {
  const kernel = readKernel(sampleTree())
  const tree = selectModules(kernel, await moduleIndex(kernel), ['fs', 'net-card'])
  const lines: string[] = []
  for (const { path, node } of tree) {
    const content =
      node.type === 'file'
        ? `${(await sha256(node.content)).slice(7, 23)} ${(await readAll(node.content, 1e6)).length}`
        : node.type
    lines.push(
      `${path.replace(/^lib\/modules\/[^/]+\/?/, './')} ${node.mode.toString(8)} ${node.mtime} ${content}`,
    )
  }
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "lib 755 1700000000 directory
    lib/modules 755 1700000000 directory
    ./ 755 1700000000 directory
    ./kernel 755 0 directory
    ./kernel/crypto 755 0 directory
    ./kernel/crypto/fast-hash-generic.ko 644 0 76cc43ca6510549c 588
    ./kernel/drivers 755 0 directory
    ./kernel/drivers/net-card.ko 644 0 49482533e49d987c 610
    ./kernel/fs 755 0 directory
    ./kernel/fs/fs.ko 644 0 db3b415f794e8be4 764
    ./kernel/fs/journal.ko 644 0 ead12c393466d445 653
    ./kernel/lib 755 0 directory
    ./kernel/lib/checksum.ko 644 0 d373710f434102c9 654
    ./modules.alias 644 1700000000 3999c1183b4d6ab3 222
    ./modules.alias.bin 644 1700000000 bb5bdcc723e4f0d2 329
    ./modules.builtin 644 0 039535415d4c56ae 20
    ./modules.builtin.alias.bin 644 1700000000 bf49b7448de5fb8c 39
    ./modules.builtin.bin 644 1700000000 e62fddba1fd62c23 33
    ./modules.builtin.modinfo 644 0 ce99a445578cca84 39
    ./modules.dep 644 1700000000 d11de19f53291604 194
    ./modules.dep.bin 644 1700000000 7020017f42778688 413
    ./modules.devname 644 1700000000 07e042e3ab29d813 77
    ./modules.order 644 0 ef44e1ff0471a684 75
    ./modules.softdep 644 1700000000 6c5a4b4e332c2b8c 92
    ./modules.symbols 644 1700000000 0512ff89a395ab9e 146
    ./modules.symbols.bin 644 1700000000 993cf72368a1c39f 196"
  `)
})
