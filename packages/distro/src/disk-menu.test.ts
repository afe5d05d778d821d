import { expect, test } from 'vitest'
import {
  bootSelection,
  DISK_GRUB_CONFIG,
  EMPTY_GRUB_ENVIRONMENT,
  SYSLINUX_CONFIG,
  systemMenus,
} from './disk-menu.ts'

const system = { title: 'RancherOS v1', folder: 'v1', append: 'quiet a=[b]', grubAppend: "'quiet' 'a=[b]'" }

test('the selection is one sector and names the system', () => {
  for (const folder of ['v1', 'v1.2.3-rc1', 'a'.repeat(128)]) {
    const text = bootSelection(folder)
    expect(Buffer.byteLength(text)).toBe(512)
    expect(text).toMatch(new RegExp(`^default rancheros\ninclude /ros/${folder}/current\\.cfg\n#+\n$`))
  }
})

test('each role of a system has entries for both boot loaders, with the same kernel arguments', () => {
  const files = systemMenus(system)
  expect([...files.keys()].toSorted()).toEqual(
    ['current', 'previous', 'trial'].flatMap((role) => [`${role}.cfg`, `${role}.cfg.grub`]),
  )
  expect(files.get('current.cfg')).toMatchInlineSnapshot(`
    "say   rancheros  RancherOS v1
    label rancheros
      linux /ros/v1/vmlinuz
      initrd /ros/v1/initrd
      append quiet a=[b] ros.boot=v1
    say   debug      RancherOS v1, debug messages
    label debug
      linux /ros/v1/vmlinuz
      initrd /ros/v1/initrd
      append quiet a=[b] ros.boot=v1 rancher.debug=true
    say   recovery   RancherOS v1, recovery console
    label recovery
      linux /ros/v1/vmlinuz
      initrd /ros/v1/initrd
      append quiet a=[b] ros.boot=v1 rancher.recovery=true
    "
  `)
  expect(files.get('current.cfg.grub')).toMatchInlineSnapshot(`
    "menuentry 'RancherOS v1' --id rancheros {
      linux /ros/v1/vmlinuz 'quiet' 'a=[b]' ros.boot=v1
      initrd /ros/v1/initrd
    }
    menuentry 'RancherOS v1, debug messages' --id debug {
      linux /ros/v1/vmlinuz 'quiet' 'a=[b]' ros.boot=v1 rancher.debug=true
      initrd /ros/v1/initrd
    }
    menuentry 'RancherOS v1, recovery console' --id recovery {
      linux /ros/v1/vmlinuz 'quiet' 'a=[b]' ros.boot=v1 rancher.recovery=true
      initrd /ros/v1/initrd
    }
    "
  `)
  expect(files.get('trial.cfg')).toMatchInlineSnapshot(`
    "label trial
      linux /ros/v1/vmlinuz
      initrd /ros/v1/initrd
      append quiet a=[b] ros.boot=v1
    "
  `)
  const labels = (role: string) => files.get(`${role}.cfg`)?.match(/(?<=^label ).*$/gm)
  const ids = (role: string) => files.get(`${role}.cfg.grub`)?.match(/(?<=--id )\w+/g)
  for (const role of ['current', 'previous', 'trial']) expect(labels(role)).toEqual(ids(role))
})

test('both loaders read the selection; GRUB forgets what is tried once before it starts it', () => {
  expect(SYSLINUX_CONFIG).toMatch(/^serial 0 115200\n[^]*^include \/ros\/boot\.cfg$/m)
  expect(DISK_GRUB_CONFIG).toMatch(
    /function default \{[^}]*\}\nfunction include \{[^}]*\}\nsource \/ros\/boot\.cfg/,
  )
  const saved = DISK_GRUB_CONFIG.indexOf('if save_env')
  expect(saved).toBeGreaterThan(DISK_GRUB_CONFIG.indexOf('set ros_once=\n'))
  expect(DISK_GRUB_CONFIG.indexOf('set default="$ros_try"')).toBeGreaterThan(saved)
  expect(Buffer.byteLength(EMPTY_GRUB_ENVIRONMENT)).toBe(1024)
})
