import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { freePort } from '@ros/qemu-runner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BOOT_MS, describeGuest, Guest } from '../guest/guest.ts'

/** This host, as a guest in QEMU's user-mode network reaches it. */
const HOST = '10.0.2.2'

const silentPort = await freePort()
// Takes every connection and never says a word.
const silent = createServer(() => undefined)
beforeAll(() => new Promise<void>((resolve) => void silent.listen(silentPort, '127.0.0.1', resolve)))
afterAll(() => {
  silent.close()
})

const latePort = await freePort()
let letGo: () => void = () => undefined
const loggedIn = new Promise<void>((resolve) => {
  letGo = resolve
})
// Answers when somebody has logged in.
const late = createHttpServer((_, response) => {
  void loggedIn.then(() => response.end('#cloud-config\nhostname: late\nrancher: {ssh: {port: 2222}}\n'))
})
beforeAll(() => new Promise<void>((resolve) => void late.listen(latePort, '127.0.0.1', resolve)))
afterAll(() => {
  late.closeAllConnections()
  late.close()
})

const hanging = {
  append: `rancher.cloud_init.datasources=[url:http://${HOST}:${silentPort}/config,configdrive:/media/config-2]`,
  cloudConfig: '#cloud-config\nhostname: from-disk\n',
}

describeGuest('robustness: a data source that accepts and never answers', hanging, (guest) => {
  test('people get in before its time is over, with what the disk says', async () => {
    expect(await guest.run('hostname; ls .ssh/authorized_keys')).toBe('from-disk\n.ssh/authorized_keys\n')
  })

  test('the boot ends, and the console says which source it was', async () => {
    await guest.started()
    expect(await guest.run('sudo dmesg | grep "ros: service cloud-init"')).toMatch(
      new RegExp(`url:http://${HOST}:${silentPort}/config: `),
    )
    expect(await guest.run('sudo wait-for-docker && docker info --format {{.Driver}}')).toBe('overlay2\n')
  })
})

const answering = {
  append: `rancher.cloud_init.datasources=[url:http://${HOST}:${latePort}/config,configdrive:/media/config-2]`,
  cloudConfig: '#cloud-config\nhostname: from-disk\n',
}

describeGuest('a configuration that comes after the console', answering, (guest) => {
  test('the host name and the port of sshd are the new ones, an open session stays', async () => {
    const listens = 'awk \'$4 == "0A" {print $2}\' /proc/net/tcp | grep -o ":0016$\\|:08AE$"'
    expect(await guest.run(`hostname; ${listens}`)).toBe('from-disk\n:0016\n')
    letGo()
    await guest.started()
    const changed = `for i in $(seq 120); do ${listens} | grep -q 08AE && break; sleep 1; done`
    expect(await guest.run(`${changed}; ${listens}; hostname`)).toBe(':08AE\nlate\n')
  })
})

test('v1.4.0 NoNetworkCloudConfigFromUrl, robustness (no network): the console comes up and says what is wrong', async () => {
  const port = await freePort()
  const guest = new Guest({
    append: `rancher.autologin=[ttyS0] rancher.cloud_init.datasources=[cmdline] cloud-config-url=http://${HOST}:${port}/config`,
    consoleOnly: true,
    network: 'none',
  })
  try {
    await guest.boot()
    await guest.machine.waitForLine(/\$ $/, BOOT_MS)
    await guest.machine.waitForLine(/RancherOS \S+ started/, BOOT_MS)
    expect(await guest.type('sudo ros service ps | grep -c " Up "')).toMatch(/^\d$/)
    expect(await guest.type('sudo dmesg | grep -m 1 -o "ros: .*cmdline.*" | head -c 200')).toMatch(/cmdline/)
    expect(await guest.machine.powerDown(120_000)).toEqual({ code: 0, signal: null })
  } finally {
    await guest.end()
  }
})
