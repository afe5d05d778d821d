import { describe, expect, test } from 'vitest'
import { editGrub, editLoaderEntry } from './grub-config.ts'
import { editIsolinux } from './isolinux-config.ts'
import { argumentWords, changedArguments } from './kernel-arguments.ts'

const change = { append: ['console=ttyS0', 'rancher.debug=true'], remove: ['quiet'] }

describe('changedArguments', () => {
  test.each<[string, string, readonly string[], readonly string[], string | undefined]>([
    ['adds at the end', 'a b', ['c'], [], 'a b c'],
    ['before what is for init', 'a -- b', ['c'], [], 'a c -- b'],
    ['not what is there', 'a b', ['a'], [], undefined],
    ['takes away a name with any value', 'quiet a=1 a=2 ab=3', [], ['a', 'quiet'], 'ab=3'],
    ['takes away one value', 'a=1 a=2', [], ['a=1'], 'a=2'],
    ['puts another value in the place', 'a=1 b', ['a=2'], ['a'], 'b a=2'],
  ])('%s', (_, before, append, remove, after) => {
    expect(changedArguments(before.split(' '), { append, remove })?.join(' ')).toBe(after)
  })

  test('words are refused that isolinux and GRUB read differently', () => {
    expect(argumentWords('--append', ['a b', ' c=[/dev/sda,/dev/vda] '])).toEqual([
      'a',
      'b',
      'c=[/dev/sda,/dev/vda]',
    ])
    for (const text of ['a="b"', "it's", 'a\\b', 'a\u00e4'])
      expect(() => argumentWords('--append', [text])).toThrow(/printable ASCII/)
  })
})

function isolinux(files: Record<string, string>) {
  const read = (name: string) => {
    const path = name.replace(/^\.\.\//, '').replace(/^\//, '')
    const text = files[path]
    return text === undefined ? undefined : { path, text }
  }
  const { changed, ...rest } = editIsolinux('isolinux.cfg', read, change)
  return { changed: Object.fromEntries(changed), ...rest }
}

describe('editIsolinux', () => {
  test('one label, as RancherOS v0.4.3 has it', () => {
    const text =
      'default rancheros\nlabel rancheros\n    kernel /boot/vmlinuz\n    initrd /boot/initrd\n    append quiet rancher.password=rancher\n'
    expect(isolinux({ 'isolinux.cfg': text })).toEqual({
      changed: {
        'isolinux.cfg':
          'default rancheros\nlabel rancheros\n    kernel /boot/vmlinuz\n    initrd /boot/initrd\n    append rancher.password=rancher console=ttyS0 rancher.debug=true\n',
      },
      initrds: ['/boot/initrd'],
      entries: 1,
    })
  })

  test('labels without arguments of their own and an APPEND for all of them, in files that are included, as v1.5.8', () => {
    const { changed, initrds, entries } = isolinux({
      'isolinux.cfg': 'TIMEOUT 20\nINCLUDE ../global.cfg\nINCLUDE ../linux-current.cfg\n',
      'global.cfg': 'APPEND rancher.autologin=tty1 quiet\n',
      'linux-current.cfg':
        'DEFAULT c\nLABEL c\n    KERNEL /boot/vmlinuz-4.14\n    INITRD /boot/initrd-v1.5.8\n    #APPEND quiet\n',
    })
    expect(changed).toEqual({
      'global.cfg': 'APPEND rancher.autologin=tty1 console=ttyS0 rancher.debug=true\n',
    })
    expect([initrds, entries]).toEqual([['/boot/initrd-v1.5.8'], 1])
  })

  test('labels without any get a line, modules and boot sectors none, APPEND - is none', () => {
    const { changed } = isolinux({
      'isolinux.cfg': [
        'label a',
        '  kernel /vmlinuz',
        'label menu',
        '  kernel vesamenu.c32',
        '  append menu.cfg',
        'label b',
        '  linux /b.bin',
        '  append -',
        'label c',
        '  append initrd=/i1,/i2 root=/dev/sda\r',
        '  kernel /c',
        'label disk',
        '  localboot 0x80',
      ].join('\n'),
    })
    expect(changed['isolinux.cfg']?.split('\n')).toEqual([
      'label a',
      '  kernel /vmlinuz',
      '  append console=ttyS0 rancher.debug=true',
      'label menu',
      '  kernel vesamenu.c32',
      '  append menu.cfg',
      'label b',
      '  linux /b.bin',
      '  append console=ttyS0 rancher.debug=true',
      'label c',
      '  append initrd=/i1,/i2 root=/dev/sda console=ttyS0 rancher.debug=true\r',
      '  kernel /c',
      'label disk',
      '  localboot 0x80',
    ])
  })

  test('ends where files include themselves, and leaves alone what needs no change', () => {
    expect(
      isolinux({ 'isolinux.cfg': 'include isolinux.cfg\nmenu include b\n', b: 'include isolinux.cfg\n' })
        .entries,
    ).toBe(0)
    const done = 'label a\nkernel a\nappend console=ttyS0 rancher.debug=true'
    expect(isolinux({ 'isolinux.cfg': done }).changed).toEqual({})
  })
})

describe('editGrub', () => {
  const edit = (text: string) => editGrub('g', text, change)

  test('changes linux commands of every kind, quoted words and lines that go on', () => {
    const text = [
      "menuentry 'A' {",
      '\tlinux /vmlinuz \'quiet\' "a=b c" # comment',
      '\tinitrd /boot/early /boot/initrd',
      '}',
      '  linuxefi /vmlinuz a \\',
      '    quiet',
      '  linux16 ($root)/vmlinuz',
      '# linux is fine',
    ].join('\n')
    const { changed, initrds, entries } = edit(text)
    expect(changed.get('g')?.split('\n')).toEqual([
      "menuentry 'A' {",
      '\tlinux /vmlinuz "a=b c" console=ttyS0 rancher.debug=true # comment',
      '\tinitrd /boot/early /boot/initrd',
      '}',
      '  linuxefi /vmlinuz a console=ttyS0 rancher.debug=true',
      '  linux16 ($root)/vmlinuz console=ttyS0 rancher.debug=true',
      '# linux is fine',
    ])
    expect([initrds, entries]).toEqual([['/boot/early', '/boot/initrd'], 3])
  })

  test('quotes what a shell would read', () => {
    const { changed } = editGrub('g', 'linux /v a\n', { append: ['x=[/dev/sda]'], remove: [] })
    expect(changed.get('g')).toBe("linux /v a 'x=[/dev/sda]'\n")
    const again = editGrub('g', changed.get('g') ?? '', { append: ['x=[/dev/sda]'], remove: [] })
    expect(again.changed.size).toBe(0)
  })
})

test('editLoaderEntry changes options, or makes them', () => {
  const edited = (text: string) => editLoaderEntry('e', text, change).changed.get('e')
  expect(edited('title T\nlinux /v\noptions quiet a\n')).toBe(
    'title T\nlinux /v\noptions a console=ttyS0 rancher.debug=true\n',
  )
  expect(edited('linux /v\n')).toBe('linux /v\noptions console=ttyS0 rancher.debug=true\n')
  expect(edited('efi /x.efi\n')).toBeUndefined()
})
