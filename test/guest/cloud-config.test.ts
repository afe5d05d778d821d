import { expect, test } from 'vitest'
import { describeGuest } from './guest.ts'

const DOCKER =
  'dockerd --data-root=/var/lib/docker --exec-root=/run/docker --pidfile=/run/docker.pid --host=unix:///run/docker.sock --group=docker --storage-driver=overlay2 --cgroup-parent=/docker --log-opt=max-size=5m --label=from=cloud-config'

/** Four cards, of which the first is the one that ssh comes by. */
const MORE_CARDS = [1, 2, 3].flatMap((index) => [
  '-netdev',
  `hubport,id=card${index},hubid=${index}`,
  '-device',
  `virtio-net-pci,netdev=card${index},romfile=`,
])

const MIB = 1024 ** 2

const CLOUD_CONFIG = `#cloud-config
hostname: cloudy
write_files:
  - {path: /test, permissions: "0640", owner: "root:docker", content: "console content\\n"}
  - {path: /etc/deep/packed, encoding: gz+b64, content: H4sIAAAAAAAAA0tMSuYCAE6BiEcEAAAA}
  - path: /usr/bin/say
    permissions: "0755"
    content: |
      #!/bin/bash
      echo "$1" >> /home/rancher/order
  - path: /opt/rancher/bin/start.sh
    permissions: "0755"
    content: |
      #!/bin/bash
      say start.sh
  - path: /etc/rc.local
    permissions: "0755"
    content: |
      #!/bin/bash
      say rc.local
  - path: /var/lib/rancher/conf/cloud-config-script
    permissions: "0755"
    content: |
      #!/bin/bash
      say script
bootcmd:
  - [say, bootcmd]
  - mkswap /dev/vdb && mkfs.ext4 -q -L DATA /dev/vdc
mounts:
  - [/dev/vdb, none, swap, ""]
  - [LABEL=DATA, /mnt/data, ext4, noatime]
  - [/dev/vdz, /mnt/nothing, ext4, ""]
runcmd:
  - []
  - [say, runcmd]
  - say "runcmd by the shell"
  - [no-such-program]
  - [touch, /home/rancher/after]
rancher:
  environment: {FLANNEL_NETWORK: 10.244.0.0/16, FLANNEL_BACKEND: vxlan}
  sysctl: {kernel.domainname: test, dev.cdrom.debug: 1}
  docker:
    args: [${DOCKER.split(' ').join(', ')}]
  network:
    dns: {nameservers: [192.0.2.53]}
    interfaces:
      eth*: {dhcp: false}
      eth0: {dhcp: true}
      eth1: {address: 10.10.2.17/24, gateway: 10.10.2.1, mtu: 1400}
      eth3: {address: 10.31.168.85/24}
`

const options = {
  cloudConfig: CLOUD_CONFIG,
  append: 'rancher.modules=[dummy,no_such_module]',
  moreDisks: [64 * MIB, 64 * MIB],
  extra: MORE_CARDS,
}

describeGuest('a cloud-config from an ISO', options, (guest) => {
  test('v0.4.3 test_01 test_ssh_authorized_keys, v1.4.0 IsoCloudConfig', async () => {
    expect(await guest.run('grep -c ssh-ed25519 .ssh/authorized_keys; stat -c %a .ssh/authorized_keys')).toBe(
      '1\n600\n',
    )
  })

  test('v1.4.0 CloudConfigHostname', async () => {
    await guest.started()
    expect(await guest.run('hostname; grep ^127.0.1.1 /etc/hosts')).toBe('cloudy\n127.0.1.1\tcloudy\n')
  })

  test('v0.4.3 test_01 test_rancher_environment, v1.4.0 Environment', async () => {
    expect(await guest.run('sudo ros env printenv FLANNEL_NETWORK FLANNEL_BACKEND')).toBe(
      '10.244.0.0/16\nvxlan\n',
    )
  })

  test('v0.4.3 test_01 test_docker_args: the user’s docker runs with exactly these', async () => {
    expect(await guest.run('sudo wait-for-docker && ps -ww -o args= -p "$(cat /run/docker.pid)"')).toBe(
      `${DOCKER}\n`,
    )
    expect(await guest.run("docker info --format '{{.Labels}}'")).toBe('[from=cloud-config]\n')
  })

  test('v1.4.0 KernelParameterModule: one of the command line is loaded, one that is not there is named', async () => {
    expect(await guest.run('lsmod | grep -c ^dummy')).toBe('1\n')
    expect(await guest.run('sudo dmesg | grep -m 1 "ros: .*no_such_module"')).toContain('no_such_module')
  })

  test('v1.4.0 Sysctl', async () => {
    expect(await guest.run('cat /proc/sys/kernel/domainname /proc/sys/dev/cdrom/debug')).toBe('test\n1\n')
  })

  test('v1.4.0 WriteFiles: content, mode, owner, packed content', async () => {
    expect(await guest.run('cat /test; stat -c "%a %U %G" /test; cat /etc/deep/packed')).toBe(
      'console content\n640 root docker\nabc\n',
    )
  })

  test('v1.4.0 StartCommands: everything that a boot ends with, in order; one that fails is named', async () => {
    expect(await guest.until('cat order; ls after', /rc\.local[^]*after/)).toBe(
      'bootcmd\nscript\nruncmd\nruncmd by the shell\nstart.sh\nrc.local\nafter\n',
    )
    expect(await guest.run('sudo system-docker logs console')).toMatch(/runcmd\[3\], no-such-program: /)
  })

  test('v1.4.0 Mounts: by label, with options; one that fails is named', async () => {
    expect(await guest.run('findmnt -n -o SOURCE,FSTYPE /mnt/data')).toMatch(/^\/dev\/vdc +ext4\n$/)
    expect(await guest.run('findmnt -n -o OPTIONS /mnt/data')).toContain('noatime')
    expect(await guest.run('sudo system-docker logs console')).toMatch(
      /mounts, \/dev\/vdz \/mnt\/nothing ext4 : .*\/dev\/vdz/,
    )
  })

  test('v1.4.0 Swap', async () => {
    expect(await guest.run('tail -n +2 /proc/swaps')).toMatch(/^\/dev\/vdb\s+partition/)
  })

  test('v0.4.3 test_01 test_rancher_network: a fixed address, its route', async () => {
    expect(await guest.run('ip route get to 10.10.2.120')).toMatch(
      /^10\.10\.2\.120 dev eth1 src 10\.10\.2\.17 /,
    )
    expect(await guest.run('cat /sys/class/net/eth{1,3}/mtu')).toBe('1400\n1500\n')
  })

  test('v0.4.3 test_01 test_dhcpcd, v1.4.0 NetworkCfg: leased (by netconf itself), fixed and no addresses of four cards', async () => {
    expect(await guest.run("ip -o -4 addr show | awk '/eth/ {print $2, $4, $9}'")).toBe(
      'eth0 10.0.2.15/24 dynamic\neth1 10.10.2.17/24 eth1\\\neth3 10.31.168.85/24 eth3\\\n',
    )
  })

  test('v1.4.0 NetworkCfg: routes; the gateway that somebody wrote down stands before the one of a lease', async () => {
    expect(await guest.run('ip -4 route show default')).toMatch(
      /^default via 10\.10\.2\.1 dev eth1 \S[^]*default via 10\.0\.2\.2 dev eth0 proto dhcp /,
    )
    expect(await guest.run('ip -4 route show | grep -v -e default -e docker')).toMatch(
      /^10\.0\.2\.0\/24 dev eth0 .*\n10\.10\.2\.0\/24 dev eth1 .*\n10\.31\.168\.0\/24 dev eth3 .*\n$/,
    )
  })
})
