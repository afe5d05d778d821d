import { expect, test } from 'vitest'
import { describeGuest } from './guest.ts'

const options = {
  cloudConfig: '#cloud-config\nhostname: hostname3\nrancher: {debug: false}\n',
  append:
    'rancher.environment.SHOWN=yes rancher.password=two -- rancher.environment.HIDDEN=secret rancher.password=three',
}

describeGuest('the system itself', options, (guest) => {
  test('v0.4.3 test_00 test_system_boot: the line that everybody waits for has the version', async () => {
    const version = (await guest.run('ros os version')).trim()
    expect(await guest.started()).toBe(`RancherOS ${version} started`)
    expect(await guest.run('ros -v')).toBe(`ros version ${version}\n`)
  })

  test('v0.4.3 test_00 test_run_system_container: a container of system docker, with its exit code', async () => {
    const run = 'sudo system-docker run --rm rancher/os-state:$(ros os version)'
    expect(await guest.run(`${run} /bin/sh -c 'echo in a container; exit 3'`)).toBe(
      'in a container\nexit 3\n',
    )
  })

  test('v0.4.3 test_00 test_ros_dev: devices by label', async () => {
    expect(await guest.run('sudo ros dev')).toBe('')
    expect(await guest.run('sudo ros dev LABEL=RANCHER_STATE')).toBe('/dev/vda\n')
    expect(await guest.run('sudo ros dev LABEL=NONE')).toMatch(/LABEL=NONE[^]*exit 1\n$/)
  })

  test('v0.4.3 test_01 test_docker_not_pid_one: PID 1 is ros', async () => {
    expect(await guest.run('cat /proc/1/comm; pgrep -x dockerd | grep -cx 1')).toBe('ros\n0\nexit 1\n')
  })

  test('v1.4.0 OsRelease', async () => {
    const version = (await guest.run('ros os version')).trim()
    expect(await guest.run('. /etc/os-release; echo "$NAME|$ID|$VERSION|$VERSION_ID|$PRETTY_NAME"')).toBe(
      `RancherOS|rancheros|${version}|${version}|RancherOS ${version}\n`,
    )
  })

  test('a login shell has the prompt, the path and the words to complete', async () => {
    const shell = `env -i HOME=/home/rancher bash -lic 'echo "$PS1|$PATH"; complete -p ros' 2> /dev/null`
    expect(await guest.run(shell)).toBe(
      "\\u@\\h:\\w\\$ |/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\ncomplete -o default -C 'ros complete' ros\n",
    )
  })

  test('v1.4.0 ElideCmdLine: what is after the dashes works, and only root can read it', async () => {
    const line = await guest.run('cat /proc/cmdline')
    expect(line).toContain('rancher.environment.SHOWN=yes')
    expect(line).not.toMatch(/HIDDEN|secret|three/)
    expect(await guest.run('sudo cat /proc/1/cmdline /proc/1/environ | grep -c -a -e secret -e three')).toBe(
      '0\nexit 1\n',
    )
    expect(await guest.run('sudo ros env printenv SHOWN HIDDEN')).toBe('yes\nsecret\n')
    expect(await guest.run('cat /run/ros/cmdline')).toContain('Permission denied')
    expect(await guest.run('sudo grep -c "^rancher:.6" /etc/shadow')).toBe('1\n')
  })

  test('v1.4.0 ElideCmdLine: nothing of it is in containers or in the configuration that is kept', async () => {
    const inspected = 'sudo system-docker ps -qa | xargs sudo system-docker inspect'
    expect(await guest.run(`${inspected} | grep -c -e secret -e '"three"' -e =three`)).toBe('0\nexit 1\n')
    expect(await guest.run('sudo ros config export; sudo ros config export --boot')).not.toMatch(
      /secret|three/,
    )
  })

  test('v1.4.0 RosConfig: get and set of texts and truth values', async () => {
    expect(await guest.run('sudo ros config get hostname')).toBe('hostname3\n')
    expect(await guest.run('sudo ros config set hostname rancher-test && sudo ros config get hostname')).toBe(
      'rancher-test\n',
    )
    for (const value of ['true', 'false']) {
      const set = `sudo ros config set rancher.debug ${value}`
      expect(await guest.run(`${set} && sudo ros config get rancher.debug`)).toBe(`${value}\n`)
    }
    expect(await guest.run('sudo ros config get no.such.key')).toBe('\n')
  })

  test('v0.4.3 test_09 test_network_dns_ros_set, v1.4.0 RosConfig: lists', async () => {
    const dns = 'rancher.network.dns.search'
    const set = (value: string) =>
      guest.run(`sudo ros config set ${dns} '${value}' && sudo ros config get ${dns}`)
    expect(await set('[a,b]')).toBe('- a\n- b\n\n')
    expect(await set('[]')).toBe('[]\n\n')
  })

  test('v1.4.0 RosConfig: export, with and without what is private', async () => {
    expect(await guest.run('sudo ros config export')).not.toContain('PRIVATE KEY')
    expect(await guest.run('sudo ros config export --private')).toContain('PRIVATE KEY')
    const full = await guest.run('sudo ros config export --full')
    for (const part of ['udev', 'ntp', 'labels', 'hostname: rancher-test']) expect(full).toContain(part)
    expect(full).not.toContain('PRIVATE KEY')
    const all = await guest.run('sudo ros config export --private --full')
    for (const part of ['udev', 'ntp', 'labels', 'PRIVATE KEY']) expect(all).toContain(part)
  })

  test('v0.4.3 test_08 ssh key merge: keys of the metadata once each, by their names, after those that are there', async () => {
    await guest.root(`printf 'sshpublickeys: {"1": "b b", "0": "a a", "2": "c c"}\\n' > /var/lib/rancher/conf/metadata
      for index in 1 2 3; do ros config set rancher.environment.TIMES $index; done`)
    expect(await guest.run('sudo ros config get ssh_authorized_keys')).toMatch(
      /^- ssh-ed25519 \S+ \S+\n- a a\n- b b\n- c c\n\n$/,
    )
  })

  test('v1.4.0 SharedMount: what one container mounts, the console sees', async () => {
    const run = 'sudo system-docker run --privileged -v /mnt:/mnt:shared rancher/os-state:$(ros os version)'
    const script = 'echo here > /mark && mount --bind / /mnt/shared'
    expect(await guest.run(`sudo mkdir /mnt/shared && ${run} sh -c '${script}'`)).toBe('')
    expect(await guest.run('cat /mnt/shared/mark')).toBe('here\n')
  })
})
