import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeGuest } from '../guest/guest.ts'

/** Process ids of the machine's daemons, by what their command lines begin with. */
const PID = {
  'system docker': 'pgrep -f "^dockerd --data-root=/var/lib/system-docker"',
  'containerd of system docker': 'pgrep -f "^containerd --config /run/system-docker/"',
  'the user’s docker': 'pgrep -f "^dockerd --data-root=/var/lib/docker"',
  udev: 'pgrep -x systemd-udevd | head -n 1',
  sshd: 'pgrep -f "^(sshd: )?/usr/sbin/sshd -D" | head -n 1',
}

const STARTED = `sudo system-docker inspect --format '{{.Name}} {{.State.StartedAt}}' console network syslog ntp`

describeGuest('robustness: what is killed comes back', {}, (guest) => {
  test('every daemon that is killed by signal 9 runs again, and system docker’s containers never stopped', async () => {
    await guest.started()
    expect(await guest.run('sudo wait-for-docker')).toBe('')
    const started = await guest.run(STARTED)
    for (const [name, pid] of Object.entries(PID)) {
      const before = await guest.until(pid, /^\d+\n$/, 120_000)
      expect(before, name).toMatch(/^\d+\n$/)
      expect(await guest.run(`sudo kill -9 ${before.trim()}`), name).toBe('')
      const other = new RegExp(`^(?!${before.trim()}\n)\\d+\n$`)
      expect(await guest.until(pid, other, 120_000), name).toMatch(other)
    }
    // They do not only run.
    expect(await guest.until('sudo system-docker version --format ok', /^ok$/m, 120_000)).toContain('ok\n')
    expect(await guest.until('docker version --format ok', /^ok$/m, 120_000)).toContain('ok\n')
    await guest.login()
    expect(await guest.run(STARTED)).toBe(started)
    expect(await guest.run('sudo env SYSTEMD_IGNORE_CHROOT=1 udevadm control --ping && echo pong')).toBe(
      'pong\n',
    )
  })

  test('what was killed is told', async () => {
    expect(await guest.run('sudo dmesg | grep "ros: system docker"')).toMatch(
      /system docker was ended by signal 9 \(killed\); starting it again/,
    )
    expect(await guest.until('sudo ros service ps', /docker +Up/, 60_000)).toMatch(/^docker +Up /m)
  })

  test('what ends while containerd is away comes back too, and the others never stopped', async () => {
    const started = await guest.run(STARTED)
    const [containerd, docker] = [PID['containerd of system docker'], PID['the user’s docker']]
    const before = await guest.root(`${docker}; kill -9 $(${containerd})
      until ${containerd} > /dev/null; do sleep 0.05; done; kill -9 $(${docker})`)
    expect(before).toMatch(/^\d+\n$/)
    const other = new RegExp(`^(?!${before})\\d+\n$`)
    expect(await guest.until(docker, other, 120_000)).toMatch(other)
    expect(await guest.until('docker version --format ok', /^ok$/m, 120_000)).toContain('ok\n')
    expect(await guest.run('sudo dmesg | grep "ros: system docker: containerd"')).toContain(
      'containerd ended and was started anew',
    )
    expect(await guest.until('sudo system-docker version --format ok', /^ok$/m, 120_000)).toContain('ok\n')
    expect(await guest.run(STARTED)).toBe(started)
  })

  test('killing PID 1 is not possible', async () => {
    expect(await guest.run('sudo kill -9 1; sudo kill -SEGV 1; sudo kill -ABRT 1; cat /proc/1/comm')).toBe(
      'ros\n',
    )
  })

  test('the network comes back after the cable was pulled', async () => {
    const { qmp } = guest.machine
    await qmp?.execute('set_link', { name: 'net0', up: false })
    await sleep(3000)
    await qmp?.execute('set_link', { name: 'net0', up: true })
    await guest.login()
    expect(await guest.run('ip -o -4 addr show dev eth0')).toContain(' 10.0.2.15/24 ')
    expect(await guest.run('ip -4 route show default')).toContain('via 10.0.2.2 dev eth0')
  })
})
