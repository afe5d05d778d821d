// The hardware that VirtualBox offers: IDE or AHCI, an e1000 card, a VGA screen, no serial line; what the user sees is the screen.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { capture, connectSsh, freePort, type Machine, probeAccelerator, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { keysOf } from '../guest.ts'
import { inFolder, keepPicture } from '../kit.ts'

const iso = join(inject('artifacts'), 'rancheros.iso')

/** Controllers of CD and disk, and where each drive is plugged in. */
const STORAGE = {
  IDE: { controller: [], disk: 'ide.0', cd: 'ide.1', config: 'ide.1,unit=1' },
  AHCI: { controller: ['-device', 'ich9-ahci,id=sata'], disk: 'sata.0', cd: 'sata.1', config: 'sata.2' },
} as const

/** The US keyboard's key for a character. */
function keyOf(character: string): string {
  return { '\n': 'ret', ' ': 'spc', '-': 'minus', '.': 'dot', '/': 'slash' }[character] ?? character
}

async function typeText(machine: Machine, text: string): Promise<void> {
  for (const character of text) {
    await machine.qmp?.execute('send-key', { keys: [{ type: 'qcode', data: keyOf(character) }] })
    // A keyboard keeps few keys for a guest that is slow to take them.
    await sleep(150)
  }
}

interface Screen {
  readonly machine: Machine
  /** Runs a command over ssh; its exit code has to be 0. */
  readonly sh: (command: string) => Promise<string>
  /** The text on the first terminal, once it has what is looked for. */
  readonly shows: (wanted: RegExp) => Promise<string>
  /** Keeps a picture of the screen. */
  readonly keep: (name: string) => Promise<void>
}

/** Starts the machine from its CD or its disk; nobody is there to press a key until `use` does. */
async function withScreen(
  folder: string,
  { kind, from }: { kind: keyof typeof STORAGE; from: 'cd' | 'disk' },
  use: (screen: Screen) => Promise<void>,
): Promise<void> {
  const at = (name: string) => join(folder, name)
  const { controller, disk, cd, config } = STORAGE[kind]
  const { accelerator } = await probeAccelerator({})
  const port = await freePort()
  const cds = [
    ['-drive', `if=none,id=cd,format=raw,readonly=on,file=${iso}`],
    ['-device', `ide-cd,bus=${cd},drive=cd,bootindex=0`],
    ['-drive', `if=none,id=config,format=raw,readonly=on,file=${at('config.iso')}`],
    ['-device', `ide-cd,bus=${config},drive=config`],
  ].flat()
  const args = [
    ['-no-user-config', '-nodefaults', '-display', 'none', '-machine', 'pc', '-accel', accelerator],
    ['-m', '2048', '-smp', '2', '-vga', 'std', '-boot', 'strict=on', ...controller],
    ['-drive', `if=none,id=disk,format=qcow2,file=${at('disk.qcow2')}`],
    ['-device', `ide-hd,bus=${disk},drive=disk,bootindex=1`],
    from === 'cd' ? cds : [],
    ['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:22`, '-device', 'e1000,netdev=net'],
    ['-chardev', `socket,id=qmp,path=${at('qmp')},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'],
  ].flat()
  await using machine = await startMachine({ program: 'qemu-system-x86_64', args, qmpSocket: at('qmp') })
  const { privateKey } = await keysOf(folder)
  const client = await connectSsh({
    port,
    username: 'rancher',
    privateKey,
    hostKey: { knownHostsFile: at(`known_hosts_${from}`) },
    timeoutMs: 600_000,
    until: machine,
  })
  const sh = async (line: string) => {
    const { code, stdout, stderr } = await capture(client, line)
    expect(code, line + stderr).toBe(0)
    return stdout
  }
  try {
    await use({
      machine,
      sh,
      async shows(wanted) {
        for (let tries = 0; tries < 180; tries++) {
          const text = await sh('sudo cat /dev/vcs1')
          if (wanted.test(text)) return text
          await sleep(1000)
        }
        throw new Error(`not on the screen: ${wanted}; there: ${await sh('sudo cat /dev/vcs1')}`)
      },
      async keep(name) {
        const picture = at('picture.png')
        await machine.qmp?.execute('screendump', { filename: picture, format: 'png' })
        keepPicture(picture, `${kind.toLowerCase()}-${name}.png`)
      },
    })
    await capture(client, 'sudo poweroff').catch(() => undefined)
    await Promise.race([machine.exited, sleep(120_000, undefined, { ref: false })])
  } finally {
    client.end()
  }
}

test.each(['IDE', 'AHCI'] as const)(
  '%s, e1000, VGA: the ISO and the disk installed from it each end in a login on the screen',
  async (kind) => {
    await inFolder(async (folder) => {
      const { publicKey } = await keysOf(folder)
      const password = 'correct.horse'
      const config = userData({ text: 'hostname: box\n', name: 'test' }, publicKey)
      await writeCloudConfigIso(join(folder, 'config.iso'), config)
      await replaceFile(join(folder, 'disk.qcow2'), writeEmptyQcow2({ size: 4 * 1024 ** 3 }))
      await withScreen(folder, { kind, from: 'cd' }, async ({ machine, sh, shows, keep }) => {
        await shows(/box login: rancher \(automatic login\)[^]*rancher@box:~\$/)
        await keep('login')
        await typeText(machine, 'ros -v\n')
        await shows(/\$ ros -v[^]*v\d+\.\d+\.\d+/)
        expect(await sh('basename $(readlink /sys/class/net/eth0/device/driver)')).toBe('e1000\n')
        expect(await sh(`ls /sys/bus/pci/drivers/${kind === 'IDE' ? 'ata_piix' : 'ahci'}`)).toMatch(/0000:/)
        await sh(`echo '${config}rancher: {password: ${password}}' > config.yml`)
        expect(await sh('sudo ros install -d /dev/sda -c config.yml -f --no-reboot')).toMatch(/install/)
      })
      await withScreen(folder, { kind, from: 'disk' }, async ({ machine, sh, shows, keep }) => {
        await shows(/box login: /)
        await keep('installed')
        await typeText(machine, 'rancher\n')
        await shows(/Password: /)
        await typeText(machine, `${password}\n`)
        await shows(/rancher@box:~\$/)
        await typeText(machine, 'ros os version\n')
        await shows(/ros os version[^]*v\d+\.\d+\.\d+/)
        await keep('session')
        expect(await sh('sudo blkid /host/dev/sda2')).toMatch(/LABEL="RANCHER_STATE"/)
      })
    })
  },
)
