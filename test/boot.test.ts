import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@ros/qemu-runner'
import { expect, inject, test } from 'vitest'
import { inFolder, runKit } from './kit.ts'

const artifacts = inject('artifacts')

/** Prints each command's output under a heading, so that one login can carry many assertions. */
const section = (name: string, command: string) => `echo "== ${name}"; ${command} 2>&1; echo "== exit $?"`

function sections(stdout: string): Map<string, { text: string; code: number }> {
  const found = new Map<string, { text: string; code: number }>()
  for (const match of stdout.matchAll(/^== (\S+)\n([\s\S]*?)^== exit (\d+)$/gm)) {
    found.set(match[1] ?? '', { text: match[2] ?? '', code: Number(match[3]) })
  }
  return found
}

test('two boots of one disk: PID 1, services, both dockers, and the state of the first in the second', async () => {
  await inFolder(async (folder) => {
    const port = await freePort()
    const run = (script: string, ...more: string[]) =>
      runKit(['run', '--out', artifacts, '--port', String(port), '--ssh', ...more, '--', script], {
        cwd: folder,
      })
    const hostKey = section('host-key', 'cat /etc/ssh/ssh_host_ed25519_key.pub')

    const first = await run(
      [
        section('version', 'ros -v'),
        section('comm', 'cat /proc/1/comm'),
        section('started', 'sudo wait-for-docker && docker info'),
        section('services', "sudo system-docker ps --format '{{.Names}} {{.State}}'"),
        section('label', 'readlink -f /host/dev/disk/by-label/RANCHER_STATE'),
        section('volume', 'docker volume create kept'),
        section('file', 'echo remembered > /home/rancher/note && sync'),
        hostKey,
        'exit 7',
      ].join('\n'),
    )
    expect(first.stderr).toContain('powering off')
    // The remote command's own exit code is the kit's.
    expect(first.code).toBe(7)
    const one = sections(first.stdout)
    expect(one.get('version')?.text).toMatch(/^ros version v\d+\.\d+\.\d+/)
    expect(one.get('comm')?.text).toBe('ros\n')
    for (const service of ['console', 'docker', 'network', 'ntp', 'syslog', 'udev']) {
      expect(one.get('services')?.text).toContain(`${service} running`)
    }
    expect(one.get('started')?.text).toContain('Storage Driver: overlay2')
    expect(one.get('started')?.text).toMatch(/Cgroup Version: 2/)
    // udev has gone through the hardware, and what it makes is the machine's.
    expect(one.get('label')?.text).toBe('/host/dev/vda\n')
    expect(one.get('volume')).toEqual({ text: 'kept\n', code: 0 })
    expect(one.get('host-key')?.text).toMatch(/^ssh-ed25519 /)
    expect(readFileSync(join(folder, '.rancheros/console.log'), 'utf8')).toMatch(/RancherOS v\S+ started/)
    expect(existsSync(join(folder, '.rancheros/machine.json'))).toBe(false)

    const second = await run(
      [
        section('file', 'cat /home/rancher/note'),
        section('volume', 'sudo wait-for-docker && docker volume ls -q'),
        hostKey,
      ].join('\n'),
    )
    const two = sections(second.stdout)
    expect(second.code).toBe(0)
    expect(two.get('file')?.text).toBe('remembered\n')
    expect(two.get('volume')?.text).toContain('kept')
    expect(two.get('host-key')?.text).toBe(one.get('host-key')?.text)
  })
})
