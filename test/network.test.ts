import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import {
  capture,
  connectSsh,
  ensureKeyPair,
  freePort,
  probeAccelerator,
  qemuCommand,
  startMachine,
} from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../packages/cli/src/cloud-config.ts'
import { inFolder } from './kit.ts'

const artifacts = inject('artifacts')

const BOOT_LIMIT_MS = 600_000

/** Seven more cards beside the one that ssh comes by, on a wire of their own. */
const MORE_CARDS = Array.from({ length: 7 }, (_, index) => [
  '-netdev',
  `hubport,id=card${index + 1},hubid=${index + 1}`,
  '-device',
  `virtio-net-pci,netdev=card${index + 1},romfile=`,
]).flat()

const CLOUD_CONFIG = `#cloud-config
rancher:
  network:
    http_proxy: http://proxy.invalid:3128
    dhcp_timeout: 120
    dns: {search: [a.example, b.example]}
    pre_cmds: ["sh -c 'echo before > /run/network-order'"]
    post_cmds: ["sh -c 'echo after >> /run/network-order'"]
    interfaces:
      eth*: {dhcp: false}
      eth0: {dhcp: true}
      br0: {bridge: true, vlans: 100, address: 198.51.100.2/24}
      br0.100: {address: 192.0.2.2/24}
      eth1: {vlans: "100,200:storage"}
      eth1.100: {bridge: br0}
      storage: {mtu: 1400, post_up: ["sh -c 'echo $iface >> /run/network-order'"]}
      eth2: {address: 10.10.2.17/24, addresses: ["2001:db8::2/64"], gateway_ipv6: "2001:db8::1"}
      eth6: {bond: bond0}
      eth7: {bond: bond0}
      bond0:
        address: 203.0.113.2/24
        bond_opts: {mode: active-backup, miimon: 100, updelay: 200, primary: eth7}
`

// Failed once, in a machine at load 8, for a reason that was not kept; a failure that repeats is shown with netconf's log.
test('eight cards: bridge, VLANs, bond, fixed addresses; the name of the lease; proxies', {
  retry: 1,
}, async () => {
  await inFolder(async (folder) => {
    const keys = await ensureKeyPair(join(folder, 'keys'), 'rancheros-kit')
    const disk = join(folder, 'state.qcow2')
    const config = join(folder, 'config.iso')
    await replaceFile(disk, writeEmptyQcow2({ size: 10 * 1024 ** 3 }))
    await writeCloudConfigIso(
      config,
      userData({ text: CLOUD_CONFIG, name: 'cloud-config.yml' }, keys.publicKey),
    )
    const port = await freePort()
    const { accelerator } = await probeAccelerator({})
    const command = qemuCommand({
      accelerator,
      memoryMb: 2048,
      cpus: 2,
      boot: {
        kernel: join(artifacts, 'vmlinuz'),
        initrd: join(artifacts, 'initrd'),
        append:
          'console=ttyS0 quiet panic=10 rancher.state.formatzero=true rancher.state.autoformat=[/dev/vda]',
      },
      disks: [{ path: disk, format: 'qcow2' }],
      cdroms: [config],
      network: { forwards: [{ hostPort: port, guestPort: 22 }], hostname: 'leased' },
      extra: MORE_CARDS,
    })
    await using machine = await startMachine(command, {
      consoleLog: join(folder, 'console.log'),
      stdin: 'ignore',
    })
    const client = await connectSsh({
      port,
      username: 'rancher',
      privateKey: keys.privateKey,
      hostKey: { knownHostsFile: join(folder, 'known_hosts') },
      timeoutMs: BOOT_LIMIT_MS,
      until: machine,
    })
    try {
      const run = async (script: string) => {
        const { code, stdout, stderr } = await capture(client, script)
        return `${stdout}${stderr}${code === 0 ? '' : `exit ${code}`}`
      }
      expect(await run('sudo wait-for-network')).toBe('')
      const log = await run('sudo system-docker logs network')
      const link = (name: string) => run(`ip -d -o link show dev ${name}`)
      expect(await link('br0'), log).toContain(' bridge ')
      expect(await link('br0.100'), log).toMatch(/ br0\.100@br0: .* vlan protocol 802\.1Q id 100 /)
      expect(await link('eth1.100'), log).toMatch(/ eth1\.100@eth1: .* master br0 .* id 100 /)
      expect(await link('storage'), log).toMatch(/ storage@eth1: .*UP.* mtu 1400 .* id 200 /)
      expect(await link('eth6'), log).toContain(' master bond0 ')
      expect(await link('eth7'), log).toContain(' master bond0 ')
      expect(await run('cat /sys/class/net/bond0/bonding/mode')).toBe('active-backup 1\n')
      expect(await run('cat /sys/class/net/bond0/bonding/updelay')).toBe('200\n')
      expect(await run('cat /sys/class/net/bond0/bonding/slaves')).toMatch(/^(eth6 eth7|eth7 eth6)\n$/)
      expect(await run('cat /sys/class/net/bonding_masters')).toBe('bond0\n')
      expect(await run('ip -o -4 addr show dev bond0')).toContain(' 203.0.113.2/24 ')
      expect(await run('ip -o -4 addr show dev br0.100')).toContain(' 192.0.2.2/24 ')
      expect(await run('ip route get to 10.10.2.120')).toMatch(/^10\.10\.2\.120 dev eth2 src 10\.10\.2\.17 /)
      expect(await run('ip -6 route show default')).toContain('default via 2001:db8::1 dev eth2')
      expect(await run('ip -o -4 addr show dev eth0')).toMatch(/ 10\.0\.2\.15\/24 .* dynamic /)
      expect(await run('ip -o -4 addr show dev eth3')).toBe('')
      expect(await run('cat /run/network-order')).toBe('before\nstorage\nafter\n')
      expect(await run('hostname; grep ^127.0.1.1 /etc/hosts')).toBe('leased\n127.0.1.1\tleased\n')
      expect(await run('cat /etc/resolv.conf')).toMatch(
        /^search a\.example b\.example\nnameserver 10\.0\.2\.3\n/,
      )
      expect(await run('env | sort | grep -i proxy')).toBe(
        'HTTP_PROXY=http://proxy.invalid:3128\nhttp_proxy=http://proxy.invalid:3128\n',
      )
      const used = "info -f '{{.HTTPProxy}}'"
      expect(await run(`sudo system-docker ${used}; docker ${used}`)).toBe(
        'http://proxy.invalid:3128\nhttp://proxy.invalid:3128\n',
      )
      // A netconf that is started anew finds everything as it is to be, and complains of nothing.
      expect(await run('sudo rm /run/network.done && sudo system-docker restart network')).toBe('network\n')
      expect(await run('sudo wait-for-network')).toBe('')
      expect(await run('sudo system-docker logs network')).not.toMatch(/bond|br0|vlan|eth1|storage/i)
      expect(await run('cat /sys/class/net/bond0/bonding/slaves')).toMatch(/^(eth6 eth7|eth7 eth6)\n$/)
      expect(await run('ip -o -4 addr show dev eth0')).toMatch(/ 10\.0\.2\.15\/24 .* dynamic /)
    } finally {
      client.end()
    }
  })
})
