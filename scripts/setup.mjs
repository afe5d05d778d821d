// Sets the checkout up: Debian packages, npm packages, `ros`, the TypeScript packages. Says what it does; doing it
// again changes nothing. `setup()` is what the kit itself needs, `setup({ tests: true })` adds the test oracles.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildAll } from './build.mjs'
import { capture, fail, root, run, say } from './console.mjs'
import { PNPM } from './pnpm.mjs'

/** What `npm start` needs beside Node and Go: Debian package → a program or file of it. */
const RUN_PACKAGES = { 'qemu-system-x86': 'qemu-system-x86_64' }

/** Independent programs that judge what we write. */
const TEST_PACKAGES = {
  cpio: 'cpio',
  'libarchive-tools': 'bsdtar',
  xorriso: 'xorriso',
  genisoimage: 'isoinfo',
  'p7zip-full': '7z',
  'libcdio-utils': 'iso-info',
  skopeo: 'skopeo',
  'docker.io': 'dockerd',
  'docker-registry': 'docker-registry',
  'apache2-utils': 'htpasswd',
  openssl: 'openssl',
  kmod: 'depmod',
  isolinux: '/usr/lib/ISOLINUX/isolinux.bin',
  syslinux: 'syslinux',
  'syslinux-common': '/usr/lib/syslinux/modules/bios/ldlinux.c32',
  'qemu-utils': 'qemu-img',
  'qemu-system-arm': 'qemu-system-aarch64',
  'qemu-efi-aarch64': '/usr/share/AAVMF/AAVMF_CODE.fd',
  fdisk: 'sfdisk',
  gdisk: 'sgdisk',
  dosfstools: 'fsck.fat',
  mtools: 'mdir',
  ovmf: '/usr/share/OVMF/OVMF_CODE_4M.fd',
  sbsigntool: 'sbattach',
  'busybox-static': 'busybox',
  e2fsprogs: 'e2fsck',
  'openssh-server': 'sshd',
  'openssh-client': 'ssh-keygen',
  bsdutils: 'script',
  zsh: 'zsh',
  fish: 'fish',
  iproute2: 'ip',
  'dpkg-dev': 'dpkg-scanpackages',
  zstd: 'zstd',
  'xz-utils': 'xz',
  chromium: 'chromium',
  'fonts-dejavu-core': '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  lz4: 'lz4',
  pigz: 'pigz',
}

export async function setup({ tests = false } = {}) {
  checkNode()
  await debianPackages(tests ? { ...RUN_PACKAGES, ...TEST_PACKAGES } : RUN_PACKAGES)
  checkGo()
  say('npm packages')
  const install = ['-y', PNPM, 'install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=error']
  if ((await run('npx', install)) !== 0) fail('installing the npm packages failed', 'see the lines above')
  await buildAll({ everyArch: tests })
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20)
    fail(`Node ${process.versions.node} is too old`, 'install Node 20 or later: https://nodejs.org')
}

function checkGo() {
  const version = /go(\d+)\.(\d+)/.exec(capture('go', ['version']) ?? '')
  const enough = version && (Number(version[1]) > 1 || Number(version[2]) >= 24)
  if (enough) return
  fail(
    version
      ? `${version[0]} is too old: building ros needs Go 1.24 or later`
      : 'Go is missing: building ros needs Go 1.24 or later',
    'unpack a current release from https://go.dev/dl/ and put its bin directory on PATH, or on Debian 12: apt-get install -t bookworm-backports golang-go',
  )
}

async function debianPackages(wanted) {
  if (capture('apt-get', ['--version']) === undefined) {
    const absent = Object.entries(wanted).filter(([, thing]) => !present(thing))
    if (absent.length === 0) return say('no apt on this system; every program needed is there')
    fail(
      `no apt on this system, and missing: ${absent.map(([, thing]) => thing).join(', ')}`,
      `install what these Debian packages contain: ${absent.map(([name]) => name).join(' ')}`,
    )
  }
  // Docker's own packages conflict with Debian's: an engine that is there already serves as well.
  const engine = ['/usr/sbin/dockerd', '/usr/bin/dockerd'].some((path) => existsSync(path))
  const missing = Object.keys(wanted).filter((name) => !installed(name) && !(name === 'docker.io' && engine))
  const stale = !hasPackageLists()
  if (missing.length === 0 && !stale) return say('Debian packages: all there')
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo']
  const apt = (args) => {
    const [program, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args]
    return run(program, rest)
  }
  const manual = `as root: apt-get update && apt-get install --no-install-recommends ${missing.join(' ')}`
  say('apt-get update (package lists)')
  if ((await apt(['update'])) !== 0) fail('apt-get update failed', manual)
  if (missing.length === 0) return
  say(`apt-get install ${missing.join(' ')}`)
  await withoutServices(async () => {
    const options = ['-y', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0']
    if ((await apt(['install', ...options, ...missing])) !== 0) fail('apt-get install failed', manual)
  })
}

/** The oracles come with daemons (docker, sshd) that nobody asked to start: policy-rc.d keeps them off. */
async function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  const ours = process.getuid?.() === 0 && !existsSync(policy)
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await install()
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}

function installed(name) {
  return capture('dpkg-query', ['-W', '-f', '${db:Status-Status}', name]) === 'installed'
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'))
  } catch {
    return false
  }
}

/** Whether a program is on the path (or where only root looks), or a file is there. */
function present(thing) {
  if (thing.startsWith('/')) return existsSync(thing)
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return folders.some((folder) => folder !== '' && existsSync(join(folder, thing)))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await setup({ tests: process.argv.includes('--tests') })
  say(`ready: ${root}`)
}
