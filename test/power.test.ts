import { join } from 'node:path'
import { type Machine, probeAccelerator, qemuCommand, startMachine } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder } from './kit.ts'

const artifacts = inject('artifacts')
const BOOT_MS = 600_000
const prompt = /recovery:\/# $/

/** Boots the kernel and initrd without a disk, with the serial console to type into. */
async function booted(append: string, use: (machine: Machine) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const { accelerator } = await probeAccelerator({})
    const command = qemuCommand({
      accelerator,
      memoryMb: 2048,
      cpus: 2,
      boot: {
        kernel: join(artifacts, 'vmlinuz'),
        initrd: join(artifacts, 'initrd'),
        append: `console=ttyS0 quiet panic=1 ${append}`,
      },
      qmpSocket: join(folder, 'qmp.sock'),
      noReboot: true,
    })
    await using machine = await startMachine(command, {
      consoleLog: join(folder, 'console.log'),
      stdin: 'pipe',
    })
    await use(machine)
  })
}

/** Output and input share the terminal: the answer is told from the echo of the command by what the shell puts together. */
async function answer(machine: Machine, command: string): Promise<string> {
  machine.write(`echo an""swer: $(${command})\n`)
  return (await machine.waitForLine(/^answer: /, BOOT_MS)).slice('answer: '.length)
}

test('rancher.recovery opens a root shell; leaving it goes on with the boot; the power button ends the machine', async () => {
  await booted(
    'rancher.recovery=true rancher.autologin=[ttyS0] -- rancher.password=secret',
    async (machine) => {
      await machine.waitForLine(prompt, BOOT_MS)
      expect(await answer(machine, 'id -u; cat /proc/1/comm; ls -d /state 2>&1')).toMatch(
        /^0 ros .*\/state: No such file/,
      )
      machine.write('exit\n')
      await machine.waitForLine(/\$ $/, BOOT_MS)
      // What is after the dashes is for PID 1 alone.
      expect(await answer(machine, 'cat /proc/cmdline')).toMatch(/rancher\.autologin=\[ttyS0\] --$/)
      expect(await answer(machine, 'sudo grep -c ^rancher:.6 /etc/shadow')).toBe('1')
      expect(
        await answer(
          machine,
          'until [ -e /run/ros/services.json ]; do sleep 1; done; ros boot | grep -c -e switch-root -e "service console"',
        ),
      ).toBe('2')
      expect(await machine.powerDown(120_000)).toEqual({ code: 0, signal: null })
    },
  )
})

test('a boot that fails ends in a root shell where a console is logged in anyway', async () => {
  await booted(
    'rancher.state.required=true rancher.state.dev=/dev/none rancher.autologin=[ttyS0]',
    async (machine) => {
      await machine.waitForLine(
        /RancherOS can not boot: state: rancher\.state\.required is set: \/dev\/none/,
        BOOT_MS,
      )
      await machine.waitForLine(prompt, BOOT_MS)
      machine.write('poweroff\n')
      expect(await machine.exited).toEqual({ code: 0, signal: null })
    },
  )
})

test('a boot that fails shows the reason and restarts where nobody is let in', async () => {
  await booted('rancher.state.required=true rancher.state.dev=/dev/none', async (machine) => {
    await machine.waitForLine(/RancherOS can not boot: state: /, BOOT_MS)
    await machine.waitForLine(/The machine restarts in 1s\./, BOOT_MS)
    expect(await machine.exited).toEqual({ code: 0, signal: null })
  })
})
