import { expect, test } from 'vitest'
import { describeGuest } from '../guest/guest.ts'

const nowhere = { append: 'rancher.state.dev=LABEL=NONEXISTENT', stateDisk: 'left blank' } as const

describeGuest('a state that is nowhere', nowhere, (guest) => {
  test('v1.4.0 NonexistentState: the machine runs, its configuration says what it looked for', async () => {
    expect(await guest.run('sudo ros config get rancher.state.dev')).toBe('LABEL=NONEXISTENT\n')
  })

  test('v1.4.0 BadState: everything is in memory, docker works there, and the reason is told', async () => {
    expect(await guest.run('stat -f -c %T /var/lib/docker /home')).toBe('tmpfs\ntmpfs\n')
    expect(await guest.run('sudo dmesg | grep "ros: .*everything stays in memory"')).toContain(
      'LABEL=NONEXISTENT',
    )
    expect(await guest.run('sudo wait-for-docker && docker info --format {{.Driver}}')).toBe('overlay2\n')
  })

  test('v0.4.3 test_07 oem: the vendor’s disk is mounted and its configuration holds', async () => {
    expect(
      await guest.root(`set -e
        mkfs.ext4 -q -L RANCHER_OEM /dev/vda
        mkdir /mnt/oem && mount /dev/vda /mnt/oem
        printf '#cloud-config\\nhostname: vendor\\nrancher: {environment: {VENDOR: foo}}\\n' > /mnt/oem/oem-config.yml
        echo hello > /mnt/oem/note
        umount /mnt/oem`),
    ).toBe('')
    await guest.reboot('sudo reboot', true)
    expect(await guest.run('ls /usr/share/ros/oem; cat /usr/share/ros/oem/note')).toBe(
      'lost+found\nnote\noem-config.yml\nhello\n',
    )
    expect(await guest.run('sudo ros config get rancher.environment.VENDOR; hostname')).toBe('foo\nvendor\n')
  })
})

const subdirectory = {
  append: 'rancher.state.directory=ros_subdir',
  cloudConfig: '#cloud-config\nhostname: from-fat\n',
  configDisk: 'fat',
} as const

describeGuest('the state in a directory, the configuration on a FAT disk', subdirectory, (guest) => {
  test('v1.4.0 FatCloudConfig', async () => {
    expect(await guest.run('hostname; ls .ssh/authorized_keys')).toBe('from-fat\n.ssh/authorized_keys\n')
  })

  test('v0.4.3 test_06 subdir', async () => {
    expect(
      await guest.root(
        'mkdir /mnt/top && mount /dev/vda /mnt/top && ls /mnt/top && ls -d /mnt/top/ros_subdir/home/rancher',
      ),
    ).toBe('lost+found\nros_subdir\n/mnt/top/ros_subdir/home/rancher\n')
    expect(await guest.run('sudo wait-for-docker && docker info --format {{.Driver}}')).toBe('overlay2\n')
  })
})
