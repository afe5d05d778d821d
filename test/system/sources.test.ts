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

test('v1.4.0 NoNetworkCloudConfigFromUrl, robustness (no network): the console comes up and says what is wrong', async () => {
  const port = await freePort()
  const guest = new Guest({
    append: `rancher.autologin=[ttyS0] cloud-config-url=http://${HOST}:${port}/config`,
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
