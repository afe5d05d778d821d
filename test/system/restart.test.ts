import { createServer } from 'node:http'
import { freePort } from '@ros/qemu-runner'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAKE_BUSYBOX_IMAGE } from '../guest/busybox.ts'
import { describeGuest } from '../guest/guest.ts'

/** This host, as a guest in QEMU's user-mode network reaches it. */
const HOST = '10.0.2.2'
const CONF = '/var/lib/rancher/conf'
const PRELOAD = '/var/lib/rancher/preload'
const OTHER_CONSOLE = `${CONF}/other-console.yml`

/** Busybox, as the user's docker saved it, for each daemon; one of them packed. */
const PREPARE_PRELOAD = `
docker tag busybox preloaded && docker save -o /tmp/preloaded.tar preloaded && docker rmi preloaded > /dev/null &&
sudo mkdir -p ${PRELOAD}/docker ${PRELOAD}/system-docker && sudo cp /tmp/preloaded.tar ${PRELOAD}/docker/ &&
gzip -1 /tmp/preloaded.tar && sudo cp /tmp/preloaded.tar.gz ${PRELOAD}/system-docker/`

/** A service of the user's docker in a file, as upstream's kernel-headers was. */
const ENABLE_SERVICE = `
printf 'kernel-headers: {image: "busybox:latest", command: "sh -c exit"}\\n' | sudo tee ${CONF}/headers.yml > /dev/null &&
sudo ros service enable ${CONF}/headers.yml`

/** Certificates for server and client; the daemon takes them up with the next boot. */
const ENABLE_TLS = `
sudo ros tls generate --server -H localhost -H 127.0.0.1 && sudo ros tls generate && sudo ros config set rancher.docker.tls true`

/** The console on board by another name, whose files stay. */
const WRITE_CONSOLE = `
sudo system-docker tag rancher/os-console:$(ros os version) other-console:1 &&
{ echo console:; sudo ros config get rancher.services.console | sed -e '/^$/d' -e 's#image: .*#image: other-console:1#' -e 's/rebuild: always/rebuild: "false"/' -e 's/^/  /'; } |
sudo tee ${OTHER_CONSOLE} > /dev/null`

describeGuest('over a restart', {}, (guest) => {
  const server = createServer((_, response) =>
    response.end('#cloud-config\nrancher: {environment: {FROM: a-server}}\n'),
  )
  let port = 0
  beforeAll(async () => {
    port = await freePort()
    await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve))
  })
  afterAll(() => {
    server.close()
  })

  test('everything is made ready and the machine restarts', async () => {
    await guest.started()
    expect(await guest.run(MAKE_BUSYBOX_IMAGE)).toBe('busybox:latest\n')
    const container = "docker run -d --restart=always --name kept busybox sh -c 'while :; do sleep 1; done'"
    expect(await guest.run(container)).toMatch(/^[0-9a-f]{64}\n$/)
    expect(await guest.run(PREPARE_PRELOAD)).toBe('')
    expect(await guest.run(ENABLE_SERVICE)).toBe('')
    expect(await guest.run(ENABLE_TLS)).toBe('')
    expect(await guest.run(WRITE_CONSOLE)).toBe('')
    await guest.root(`cat > ${CONF}/cloud-config.d/datasources.yml <<EOF
rancher: {cloud_init: {datasources: ["url:http://${HOST}:${port}/config"]}}
EOF`)
    await guest.reboot()
    await guest.started()
    expect(await guest.run('sudo wait-for-docker')).toBe('')
  })

  test('v0.4.3 test_03 test_reboot_with_container_running', async () => {
    expect(await guest.run('docker inspect --format {{.State.Running}} kept')).toBe('true\n')
  })

  test('v1.4.0 ReadDatasourcesFromDisk', async () => {
    expect(await guest.run('sudo ros config get rancher.environment.FROM')).toBe('a-server\n')
  })

  test('v1.4.0 Preload: into both daemons, packed and not', async () => {
    const images = 'images -q preloaded:latest'
    expect(await guest.until(`docker ${images}`, /^[0-9a-f]{12}\n$/, 120_000)).toMatch(/^[0-9a-f]{12}\n$/)
    expect(await guest.run(`sudo system-docker ${images}`)).toMatch(/^[0-9a-f]{12}\n$/)
  })

  test('v0.4.3 test_01 test_services_include: a service of a file, in the user’s docker', async () => {
    const inspect = 'docker inspect --format {{.Config.Image}} kernel-headers'
    expect(await guest.until(inspect, /^busybox/, 120_000)).toBe('busybox:latest\n')
    expect(await guest.run('sudo ros service list')).toContain(`enabled  ${CONF}/headers.yml`)
  })

  test('v0.4.3 test_01 test_docker_tls_args, v1.4.0 Tls: with a certificate, and not without', async () => {
    const version = "version --format '{{.Server.Version}}'"
    expect(await guest.run(`docker --tlsverify -H tcp://127.0.0.1:2376 ${version}`)).toMatch(/^\d+\.\d+/)
    // The authority's certificate alone: the server is trusted, and asks for one in vain.
    await guest.run('mkdir -p authority && cp ~/.docker/ca.pem authority')
    const without = `DOCKER_CERT_PATH=authority docker --tlsverify -H tcp://127.0.0.1:2376 ${version}`
    expect(await guest.run(without)).toMatch(/certificate[^]*exit 1\n$/)
  })

  const consoles = 'sudo ros console list'
  const current = (name: string) => new RegExp(`^current  ${name}$`, 'm')

  test('v1.4.0 ConsoleCommand: switch, and the other one stays over a restart', async () => {
    expect(await guest.run(consoles)).toMatch(current('default'))
    await guest.run(`sudo ros console switch -f ${OTHER_CONSOLE}`).catch(() => undefined)
    await guest.inNewSession(consoles, current(OTHER_CONSOLE))
    expect(await guest.run(consoles)).toMatch(/^disabled default$/m)
    expect(await guest.run("sudo system-docker inspect --format '{{.Config.Image}}' console")).toBe(
      'other-console:1\n',
    )
    expect(await guest.run('docker inspect --format {{.State.Running}} kept')).toBe('true\n')
  })

  test('v0.4.3 test_03, test_05: another docker client in a console that stays; both daemons answer', async () => {
    expect(
      await guest.root(
        `mkdir -p /usr/local/bin; printf '#!/bin/sh\\necho custom >&2\\nexec /usr/bin/docker "$@"\\n' > /usr/local/bin/docker; chmod 755 /usr/local/bin/docker`,
      ),
    ).toBe('')
    expect(await guest.run('sudo ros service restart docker && sudo wait-for-docker')).toBe('')
    await guest.reboot()
    await guest.started()
    expect(await guest.run('sudo wait-for-docker && docker version --format ok')).toBe('ok\ncustom\n')
    expect(await guest.run('sudo system-docker version --format ok')).toBe('ok\n')
    expect(await guest.run('docker inspect --format {{.State.Running}} kept')).toBe('true\ncustom\n')
    expect(await guest.run(consoles)).toMatch(current(OTHER_CONSOLE))
  })

  test('v1.4.0 ConsoleCommand: back to the default, and another one enabled for the next boot', async () => {
    await guest.run('sudo ros console switch -f default').catch(() => undefined)
    await guest.inNewSession(consoles, current('default'))
    expect(await guest.run('ls /usr/local/bin/docker')).toMatch(/No such file/)
    expect(await guest.run(`sudo ros console enable ${OTHER_CONSOLE}`)).toBe('')
    expect(await guest.run(consoles)).toMatch(new RegExp(`^enabled  ${OTHER_CONSOLE}$`, 'm'))
    expect(await guest.run(consoles)).toMatch(current('default'))
  })
})
