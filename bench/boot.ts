import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '@ros/bytes/node'
import { writeEmptyQcow2 } from '@ros/disk'
import {
  capture,
  connectSsh,
  ensureKeyPair,
  freePort,
  type KeyPair,
  probeAccelerator,
  qemuCommand,
  startMachine,
} from '@ros/qemu-runner'
import { userData, writeCloudConfigIso } from '../packages/cli/src/cloud-config.ts'
import { parseBootRecord } from '../packages/cli/src/timeline/boot-record.ts'
import { runKit } from '../test/kit.ts'
import { type BenchRow, benchRow } from './row.ts'

const MEMORY_MB = 2048
const CPUS = 2
const LIMIT_MS = 600_000
const DISK_BYTES = 10 * 1024 ** 3
const APPEND =
  'console=ttyS0 quiet panic=10 rancher.state.formatzero=true rancher.state.autoformat=[/dev/vda]'

/** Moments of a boot in seconds since QEMU was started, and memory at its end. */
interface Boot {
  readonly docker: number
  readonly ssh: number
  readonly started: number
  readonly availableMb: number
  readonly totalMb: number
}

/** Two boots of one disk, each against the time until system docker answers in the same boot. */
export async function run(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ros-bench-boot-'))
  try {
    const artifacts = join(folder, 'artifacts')
    const { code, stderr } = await runKit(['build', '--out', artifacts])
    if (code !== 0) throw new Error(`the build failed:\n${stderr}`)
    const keys = await ensureKeyPair(join(folder, 'keys'), 'bench')
    await writeCloudConfigIso(join(folder, 'config.iso'), userData(undefined, keys.publicKey))
    await replaceFile(join(folder, 'state.qcow2'), writeEmptyQcow2({ size: DISK_BYTES }))
    const rows: BenchRow[] = []
    for (const name of ['first boot', 'second boot']) {
      const boot = await bootOnce(folder, artifacts, keys)
      rows.push(...rowsOf(name, boot))
    }
    return rows
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function rowsOf(name: string, boot: Boot): BenchRow[] {
  const docker = `system docker answers (${boot.docker.toFixed(1)} s)`
  const used = boot.totalMb - boot.availableMb
  return [
    benchRow(`${name}: ssh answers (${boot.ssh.toFixed(1)} s)`, docker, boot.ssh, boot.docker, 2),
    benchRow(`${name}: ssh answers (${boot.ssh.toFixed(1)} s)`, '30 s', boot.ssh, 30, 1),
    benchRow(`${name}: started (${boot.started.toFixed(1)} s)`, docker, boot.started, boot.docker, 3.5),
    benchRow(
      `${name}: memory in use (${used.toFixed(0)} MB, ${boot.availableMb.toFixed(0)} MB available)`,
      `${boot.totalMb.toFixed(0)} MB`,
      used,
      boot.totalMb,
      0.25,
    ),
  ]
}

async function bootOnce(folder: string, artifacts: string, keys: KeyPair): Promise<Boot> {
  const port = await freePort()
  const { accelerator } = await probeAccelerator({})
  const command = qemuCommand({
    accelerator,
    memoryMb: MEMORY_MB,
    cpus: CPUS,
    boot: { kernel: join(artifacts, 'vmlinuz'), initrd: join(artifacts, 'initrd'), append: APPEND },
    disks: [{ path: join(folder, 'state.qcow2'), format: 'qcow2' }],
    cdroms: [join(folder, 'config.iso')],
    network: { forwards: [{ hostPort: port, guestPort: 22 }] },
    qmpSocket: join(folder, 'qmp.sock'),
  })
  const begin = performance.now()
  const now = () => (performance.now() - begin) / 1000
  await using machine = await startMachine(command, { stdin: 'ignore' })
  const client = await connectSsh({
    port,
    username: 'rancher',
    privateKey: keys.privateKey,
    hostKey: { knownHostsFile: join(folder, 'known_hosts') },
    timeoutMs: LIMIT_MS,
    until: machine,
  })
  const ssh = now()
  await machine.waitForLine(/RancherOS \S+ started/, LIMIT_MS)
  const started = now()
  // When all of the console's waiters are done the machine is at rest.
  await capture(client, 'sudo wait-for-docker; sleep 5')
  const told = await capture(client, 'cat /run/ros/boot.json')
  const uptime = await capture(client, 'cat /proc/uptime')
  const kernelStart = now() - Number.parseFloat(uptime.stdout)
  const memory = await capture(client, "free -m | awk '/^Mem/ {print $2, $7}'")
  client.end()
  await machine.powerDown(120_000)
  const { phases } = parseBootRecord(told.stdout, '/run/ros/boot.json')
  const docker = phases.find(({ name }) => name === 'system-docker')?.end
  if (docker === undefined) throw new Error(`no system docker in the record: ${told.stdout}`)
  const [totalMb = 0, availableMb = 0] = memory.stdout.trim().split(' ').map(Number)
  return { docker: kernelStart + docker, ssh, started, availableMb, totalMb }
}
