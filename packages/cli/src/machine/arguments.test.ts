import { describe, expect, test } from 'vitest'
import yargs from 'yargs'
import { openProject } from '../project.ts'
import { readCopy, readCopyPath } from './copy-path.ts'
import { kernelArguments } from './kernel-arguments.ts'
import { readCard } from './network.ts'
import { readRunArguments } from './run-arguments.ts'
import { runOptions } from './run-options.ts'

const usage = expect.objectContaining({ code: 'ROS_CLI_USAGE' }) as Error

const read = (words: string[], rest: string[] = [], qemuArgs?: string) => {
  const raw = runOptions(yargs()).strict().exitProcess(false).parseSync(words)
  return readRunArguments(raw as Parameters<typeof readRunArguments>[0], rest, {
    platform: 'linux',
    qemuArgs,
  })
}

describe('run', () => {
  test('without options', () => {
    expect(read([])).toMatchObject({
      boot: { from: 'kernel' },
      firmware: 'bios',
      arch: 'x86_64',
      accelerator: undefined,
      format: true,
      rmUsr: false,
      cloudConfig: { path: undefined, carrier: 'iso' },
      network: { kind: 'user' },
      ports: { ssh: undefined, forwards: [] },
      display: 'none',
      memoryMb: 2048,
      timeoutMs: 300_000,
    })
  })

  test.each([
    [['--iso'], { boot: { from: 'iso' } }],
    [['--disk', 'a.img'], { boot: { from: 'disk', image: 'a.img' } }],
    [['--boothd'], { boot: { from: 'boothd' } }],
    [['--pxe'], { boot: { from: 'pxe' } }],
    [['--uefi'], { firmware: 'uefi' }],
    [['--secure-boot'], { firmware: 'secure boot' }],
    [['--kvm'], { accelerator: 'kvm' }],
    [['--accel', 'whpx'], { accelerator: 'whpx' }],
    [['--arch', 'arm64'], { arch: 'aarch64' }],
    [['--no-format', '--rm-usr'], { format: false, rmUsr: true }],
    [['--no-rm-usr', '--no-rebuild'], { rmUsr: false, rebuild: false }],
    [['--append=-a=b', '--append', 'c d'], { append: ['-a=b', 'c d'] }],
    [['--append-init', 'x'], { appendInit: ['x'] }],
    [['--cloud-config', 'c'], { cloudConfig: { path: 'c', carrier: 'iso' } }],
    [['--cloud-config-iso', 'c'], { cloudConfig: { path: 'c', carrier: 'iso' } }],
    [['--cloud-config-fat', 'c'], { cloudConfig: { path: 'c', carrier: 'fat' } }],
    [['--cloud-config-9p', 'c'], { cloudConfig: { path: 'c', carrier: '9p' } }],
    [['--resizehd', '20G'], { resize: 20 * 1024 ** 3 }],
    [['--network', 'none'], { network: 'none' }],
    [['--no-network'], { network: 'none' }],
    [['--network', 'bridge'], { network: { kind: 'bridge', bridge: 'br0' } }],
    [['--gui'], { display: { window: 'gtk' } }],
    [['--vnc'], { display: 'vnc socket' }],
    [['--vnc', '3'], { display: { vnc: { display: 3 } } }],
    [['-d', '-n', 'web'], { detach: true, name: 'web' }],
  ])('%j', (words, expected) => expect(read(words)).toMatchObject(expected))

  test('words after -- are for QEMU, or the command of --ssh; $QEMU_ARGS is for QEMU always', () => {
    expect(read([], ['-device', 'x'], '-a  b')).toMatchObject({
      extra: ['-a', 'b', '-device', 'x'],
      command: [],
    })
    expect(read(['--ssh'], ['ls', '-l'], '-a')).toMatchObject({ extra: ['-a'], command: ['ls', '-l'] })
  })

  test.each([
    [['--iso', '--pxe']],
    [['--gui', '--vnc']],
    [['--detach', '--console']],
    [['--ssh', '--network', 'none']],
    [['--network', 'tap:t0', '--port', '1:2']],
    [['--kvm', '--accel', 'tcg']],
    [['--cloud-config', 'a', '--cloud-config-fat', 'b']],
    [['--resizehd', '20X']],
    [['--resizehd', '1']],
    [['--vnc', 'x']],
    [['--nic', 'wifi']],
  ])('refuses %j', (words) => expect(() => read(words)).toThrow(usage))
})

test('kernel arguments: as upstream, without a password', () => {
  const options = {
    arch: 'x86_64',
    display: false,
    format: true,
    rmUsr: false,
    append: [],
    appendInit: [],
  } as const
  expect(kernelArguments(options)).toBe(
    'console=ttyS0 quiet panic=10 rancher.state.formatzero=true rancher.state.autoformat=[/dev/sda,/dev/vda]',
  )
  const all = {
    ...options,
    display: true,
    format: false,
    rmUsr: true,
    append: ['a=b', 'c'],
    appendInit: ['d'],
  }
  expect(kernelArguments({ ...all, arch: 'aarch64' })).toBe(
    'console=tty0 console=ttyAMA0 quiet panic=10 rancher.rm_usr a=b c -- d',
  )
})

test('cards', () => {
  expect(readCard('nic', 'tap:tap0,mac=52:54:00:00:00:01')).toEqual({
    kind: 'tap',
    interface: 'tap0',
    mac: '52:54:00:00:00:01',
  })
  expect(readCard('nic', 'hub:3,model=e1000')).toEqual({ kind: 'hub', hub: 3, model: 'e1000' })
  for (const text of ['', 'tap', 'hub:x', 'user:1', 'user,speed=1', 'user,model=ne2k'])
    expect(() => readCard('nic', text)).toThrow(usage)
})

test.each(['../x', '', '.', 'a/b', '-x', 'ä', 'x'.repeat(41)])('%j is no name for a machine', (name) => {
  expect(() => openProject('/p').machine(name)).toThrow(usage)
})

test('machines have folders of their own; sockets fit into their paths however deep the project lies', () => {
  expect(openProject('/p').machine('default').stateDisk).toBe('/p/.rancheros/state.qcow2')
  expect(openProject('/p').machine('web').stateDisk).toBe('/p/.rancheros/machines/web/state.qcow2')
  const deep = openProject(`/${'deep/'.repeat(30)}`).machine('web')
  for (const path of Object.values(deep.sockets)) expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103)
  expect(new Set(Object.values(deep.sockets)).size).toBe(4)
  const windows = Object.values(openProject('/p', 'win32').machine('web').sockets)
  expect(windows.every((address) => /^tcp:127\.0\.0\.1:[23]\d{4}$/.test(address))).toBe(true)
  expect(windows).toEqual(Object.values(openProject('/p', 'win32').machine('web').sockets))
  expect(windows).not.toEqual(Object.values(openProject('/p', 'win32').machine('other').sockets))
})

describe('cp', () => {
  test.each([
    ['a', { side: 'host', path: 'a' }],
    ['./a:b', { side: 'host', path: './a:b' }],
    ['/x:y', { side: 'host', path: '/x:y' }],
    [':a', { side: 'guest', machine: 'default', path: 'a' }],
    ['web:', { side: 'guest', machine: 'web', path: '.' }],
    ['web:~/a:b', { side: 'guest', machine: 'web', path: 'a:b' }],
  ])('%j', (text, expected) => expect(readCopyPath(text)).toEqual(expected))

  test.each([[['a']], [['a', 'b']], [[':a', ':b']], [['a', ':b', ':c']], [['x:a', 'y:b', 'c']]])(
    'refuses %j',
    (texts) => expect(() => readCopy(texts)).toThrow(usage),
  )

  test('directions', () => {
    expect(readCopy(['a', 'b', 'web:c'])).toEqual({
      direction: 'up',
      machine: 'web',
      sources: ['a', 'b'],
      destination: 'c',
    })
    expect(readCopy([':a', '.'])).toMatchObject({ direction: 'down', machine: 'default', destination: '.' })
  })
})
