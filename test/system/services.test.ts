import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'
import { keysOf, withGuest } from '../guest.ts'

const artifacts = inject('artifacts')
let folder: string
let server: Server

/** A repository of service files: one for system docker, one for the user's, one that is another console. */
const repository: Readonly<Record<string, string>> = {
  '/index.yml': 'services: [hello, mine]\nconsoles: [other]\n',
  '/h/hello.yml': `hello:
  image: rancher/os-state:\${VERSION}
  command: sleep infinity
  labels: {io.rancher.os.scope: system, io.rancher.os.after: console}
  net: host
  restart: always
`,
  '/m/mine.yml': 'mine: {image: "rancher/os-state:${VERSION}", command: sleep infinity, restart: always}\n',
  '/o/other.yml': `console:
  image: test/other-console:1
  command: [console-init]
  labels: {io.rancher.os.scope: system, io.docker.compose.rebuild: "false"}
  net: host
  pid: host
  ipc: host
  uts: host
  privileged: true
  restart: always
  volumes_from: [all-volumes]
`,
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ros-services-'))
  await replaceFile(join(folder, 'disk.qcow2'), writeEmptyQcow2({ size: 4 * 1024 ** 3 }))
  server = createServer((request, response) => {
    const text = repository[request.url ?? '']
    response.writeHead(text === undefined ? 404 : 200).end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('services of a repository in both dockers, certificates, another console; all of it without the network too', async () => {
  const { port } = server.address() as AddressInfo
  const config = `rancher:
  repositories: {core: {url: "http://10.0.2.2:${port}"}}
  services_include: {hello: true}
  docker: {tls: true}
`
  const { publicKey } = await keysOf(folder)
  await writeCloudConfigIso(
    join(folder, 'config.iso'),
    userData({ name: 'cloud-config', text: config }, publicKey),
  )
  const options = {
    boot: {
      kernel: join(artifacts, 'vmlinuz'),
      initrd: join(artifacts, 'initrd'),
      append:
        'console=ttyS0 quiet panic=10 rancher.state.formatzero=true rancher.state.autoformat=[/dev/vda]',
    },
    disks: [{ path: join(folder, 'disk.qcow2'), format: 'qcow2' }] as const,
    cdroms: [join(folder, 'config.iso')],
  }

  await withGuest(folder, options, async ({ sh, attempt }) => {
    const until = (command: string) => sh(`for i in $(seq 300); do ${command} && exit; sleep 1; done; exit 1`)
    await sh('sudo wait-for-docker')
    await until('sudo system-docker ps --format {{.Names}} | grep -qx hello')
    expect(await sh('sudo ros service list')).toBe('enabled  hello\ndisabled mine\n')

    // Its image is nowhere to be had: nothing is enabled.
    const early = await attempt('sudo ros service enable mine')
    expect(early.code).toBe(1)
    expect(early.text).toMatch(/service mine: pulling rancher\/os-state/)
    await sh('sudo system-docker save rancher/os-state:$(ros os version) | docker load')
    await sh('sudo ros service enable mine && sudo ros service up mine')
    expect(await sh('docker ps --format "{{.Names}} {{.State}}"')).toBe('mine running\n')

    await sh('sudo ros tls generate')
    expect(await sh('docker --tlsverify -H tcp://localhost:2376 version')).toContain('Server:')
    const stranger = 'docker --tls -H tcp://localhost:2376 --tlscert /nowhere --tlskey /nowhere version'
    expect((await attempt(stranger)).code).not.toBe(0)
    const secrets = 'stat -c %a /var/lib/rancher/conf/cloud-config.d/private.yml'
    expect(await sh(`sudo ${secrets}`)).toBe('600\n')

    expect(await sh('sudo ros console list')).toBe('current  default\ndisabled other\n')
    await sh('sudo system-docker tag rancher/os-console:$(ros os version) test/other-console:1')
    await sh('sudo ros console enable other')
    expect(await sh('sudo ros console list')).toBe('current  default\nenabled  other\n')
  })

  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await withGuest(folder, options, async ({ sh }) => {
    const until = (command: string) => sh(`for i in $(seq 300); do ${command} && exit; sleep 1; done; exit 1`)
    expect(await sh('sudo ros console list')).toContain('current  other\n')
    await sh('sudo wait-for-docker')
    await until('sudo ros service ps hello | grep -q "hello *Up"')
    await until('sudo ros service ps mine | grep -q "mine *Up"')
    await sh('sudo ros service scale -t 1 mine=0 && sudo ros service rm mine')
    expect(await sh('docker ps -aq')).toBe('')
    await sh('sudo ros service disable mine && sudo ros service delete hello')
    expect(await sh('sudo ros service list')).toBe('disabled hello\ndisabled mine\n')
  })
})
