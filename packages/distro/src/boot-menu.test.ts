import { describe, expect, test } from 'vitest'
import { bootMenu, grubConfig, grubSearchConfig, isolinuxConfig } from './boot-menu.ts'

const menu = bootMenu('v1.2.3', 'quiet console=ttyS0 rancher.autologin=[tty1,ttyS0]')

describe('the boot menu', () => {
  test('for isolinux: serial first, a prompt without modules', () => {
    expect(isolinuxConfig(menu)).toMatchInlineSnapshot(`
      "serial 0 115200
      default rancheros
      prompt 1
      timeout 30
      totaltimeout 3000
      say Type a name, or wait:
      say   rancheros  RancherOS v1.2.3
      say   debug      RancherOS v1.2.3, debug messages
      say   recovery   RancherOS v1.2.3, recovery console
      label rancheros
        kernel /boot/vmlinuz
        initrd /boot/initrd
        append quiet console=ttyS0 rancher.autologin=[tty1,ttyS0]
      label debug
        kernel /boot/vmlinuz
        initrd /boot/initrd
        append quiet console=ttyS0 rancher.autologin=[tty1,ttyS0] rancher.debug=true
      label recovery
        kernel /boot/vmlinuz
        initrd /boot/initrd
        append quiet console=ttyS0 rancher.autologin=[tty1,ttyS0] rancher.recovery=true
      "
    `)
  })

  test('for GRUB: the same entries, words that its shell would read otherwise in quotes', () => {
    expect(grubConfig(menu)).toMatchInlineSnapshot(`
      "if serial --unit=0 --speed=115200; then
        terminal_input serial console
        terminal_output serial console
      fi
      echo "root=$root"
      set default=rancheros
      set timeout=3
      menuentry 'RancherOS v1.2.3' --id rancheros {
        linux /boot/vmlinuz quiet console=ttyS0 'rancher.autologin=[tty1,ttyS0]'
        initrd /boot/initrd
      }
      menuentry 'RancherOS v1.2.3, debug messages' --id debug {
        linux /boot/vmlinuz quiet console=ttyS0 'rancher.autologin=[tty1,ttyS0]' rancher.debug=true
        initrd /boot/initrd
      }
      menuentry 'RancherOS v1.2.3, recovery console' --id recovery {
        linux /boot/vmlinuz quiet console=ttyS0 'rancher.autologin=[tty1,ttyS0]' rancher.recovery=true
        initrd /boot/initrd
      }
      "
    `)
  })

  test('for GRUB on the EFI system partition: on to the image that carries the file', () => {
    expect(grubSearchConfig('/boot/ros-0123.id')).toMatchInlineSnapshot(`
      "search --no-floppy --set=root --file /boot/ros-0123.id
      set prefix=($root)/boot/grub
      configfile ($root)/boot/grub/grub.cfg
      "
    `)
  })

  test('both loaders have the same entries with the same arguments', () => {
    const isolinux = [...isolinuxConfig(menu).matchAll(/label (\w+)\n.*\n.*\n {2}append (.*)/g)]
    const grub = [...grubConfig(menu).matchAll(/--id (\w+) \{\n {2}linux \/boot\/vmlinuz (.*)/g)]
    const values = (found: readonly RegExpMatchArray[]) =>
      found.map(([, id, append]) => [id, append?.replaceAll("'", '')])
    expect(values(grub)).toEqual(values(isolinux))
    expect(values(grub).map(([id]) => id)).toEqual(['rancheros', 'debug', 'recovery'])
  })
})
