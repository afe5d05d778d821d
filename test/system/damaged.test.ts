import { expect, test } from 'vitest'
import { asRoot, describeGuest } from '../guest/guest.ts'

const CONF = '/var/lib/rancher/conf'
/** System docker's data, which the console does not have by itself. */
const DATA = '/proc/1/root/var/lib/system-docker'
const STORE = `${DATA}/image/overlay2`
/** A power cut: nothing that runs writes anything any more. */
const CUT = 'sync; echo b > /proc/sysrq-trigger'

describeGuest('robustness: damage on the state disk', {}, (guest) => {
  test('configuration files that are none: the machine runs, each is named with its line', async () => {
    await guest.started()
    await guest.root(`printf '#cloud-config\\nhostname: [\\n' > ${CONF}/cloud-config.yml
      head -c 5000 /dev/urandom > ${CONF}/cloud-config.d/aa-noise.yml
      printf '#cloud-config\\nrancher:\\n  services: {console: 7}\\n  network: no\\n' > ${CONF}/cloud-config.d/bb-types.yml
      printf '{' > ${CONF}/metadata`)
    await guest.reboot()
    await guest.started()
    const said = await guest.run('sudo dmesg | grep "ros: "')
    expect(said).toMatch(/conf\/cloud-config\.yml:\d+: /)
    expect(said).toMatch(/conf\/cloud-config\.d\/aa-noise\.yml/)
    expect(said).toMatch(/conf\/cloud-config\.d\/bb-types\.yml:3: .*rancher\.services\.console/)
    expect(said).toMatch(/conf\/cloud-config\.d\/bb-types\.yml:4: .*rancher\.network/)
    expect(await guest.run('hostname; sudo ros service ps | grep -c " Up "')).toBe('rancher\n6\n')
  })

  test('docker’s image store: names, images, a layer’s record and a layer’s files; all is there again', async () => {
    await guest.reboot(
      asRoot(`rm ${CONF}/cloud-config.yml ${CONF}/cloud-config.d/{aa,bb}-* ${CONF}/metadata
        printf '{"Reposit' > ${STORE}/repositories.json
        truncate -s 10 ${STORE}/imagedb/content/sha256/*
        layers=(${STORE}/layerdb/sha256/*)
        truncate -s 0 \${layers[0]}/cache-id
        rm -r ${DATA}/overlay2/$(cat \${layers[1]}/cache-id)/diff
        ${CUT}`),
    )
    await guest.started()
    expect(await guest.run('sudo ros service ps | grep -c " Up "')).toBe('6\n')
    expect(await guest.run('sudo dmesg | grep "ros: images: "')).toMatch(/repositories\.json.*moved to/)
  })

  test('docker’s records of containers and networks: set aside, named, and the services made anew', async () => {
    await guest.reboot(
      asRoot(`for file in $(find ${DATA}/containerd ${DATA}/network ${DATA}/buildkit ${DATA}/volumes -name '*.db'); do
          head -c 20000 /dev/urandom > $file
        done
        ${CUT}`),
    )
    await guest.started()
    expect(await guest.run('sudo ros service ps | grep -c " Up "')).toBe('6\n')
    const said = await guest.run('sudo dmesg | grep "ros: "')
    expect(said).toMatch(/ros: system docker does not start: ./)
    expect(said).toMatch(
      /records of containers and networks were moved to \/var\/lib\/system-docker\/set-aside/,
    )
  })

  test('a full state disk: people get in, a change that does not fit is refused and leaves what was there', async () => {
    const keep = 'sudo ros config set rancher.environment.KEPT yes'
    expect(await guest.run(keep)).toBe('')
    const fill =
      'fallocate -l $(($(df --output=avail -B1 /home | tail -n 1) - 2000000)) /home/fill; cat /dev/zero > /home/rest'
    expect(await guest.root(`${fill}; df --output=avail /home | tail -n 1`)).toMatch(/^ *0\n.*No space left/)
    await guest.login()
    expect(await guest.run('sudo ros config set rancher.environment.LOST yes')).toMatch(
      /^ros: .*no space left on device\nexit 1\n$/,
    )
    expect(await guest.run('sudo ros config get rancher.environment.KEPT')).toBe('yes\n')
    await guest.reboot()
    await guest.started()
    expect(await guest.run('sudo ros config get rancher.environment.KEPT')).toBe('yes\n')
    expect(await guest.run('sudo ros service ps | grep -c " Up "')).toBe('6\n')
    expect(await guest.run('sudo dmesg | grep "ros: the state disk is full"')).toContain(
      'the reserve for this boot was taken',
    )
    expect(
      await guest.run('sudo rm /home/fill /home/rest && sudo ros config set rancher.environment.LOST no'),
    ).toBe('')
  })

  test('the superblock of the state: everything in memory, and the reason', async () => {
    // The kernel would write the superblock anew when it unmounts.
    await guest.reboot(asRoot(`dd if=/dev/urandom of=/dev/vda bs=1k seek=1 count=1 conv=fsync; ${CUT}`), true)
    expect(
      await guest.run('stat -f -c %T /home; sudo dmesg | grep "ros: .*everything stays in memory"'),
    ).toMatch(/^tmpfs\n.*LABEL=RANCHER_STATE/)
  })
})
