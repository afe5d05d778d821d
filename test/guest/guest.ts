// A machine of the system tests: what was built, a state disk, a configuration disk, and a login that survives restarts.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { replaceFile } from '@ros/bytes/node'
import { layoutFat, writeEmptyQcow2, writeFat } from '@ros/disk'
import {
  capture,
  connectSsh,
  type Disk,
  ensureKeyPair,
  freePort,
  type Machine,
  probeAccelerator,
  type QemuOptions,
  qemuCommand,
  startMachine,
} from '@ros/qemu-runner'
import { afterAll, afterEach, beforeAll, describe, inject } from 'vitest'
import { configTree, userData, writeCloudConfigIso } from '../../packages/cli/src/cloud-config.ts'

/** Generous: a guest under emulation on a machine with other work takes several times as long as alone. */
export const BOOT_MS = 600_000

/** FAT has no times before 1980. */
const FAT_TIME = 1_600_000_000
const DISK_BYTES = 10 * 1024 ** 3
const AUTOFORMAT = 'rancher.state.formatzero=true rancher.state.autoformat=[/dev/vda]'

export interface GuestOptions {
  /** cloud-config text, to which the key of the login is added. */
  readonly cloudConfig?: string
  /** What the configuration disk is; an ISO unless said. */
  readonly configDisk?: 'iso' | 'fat'
  /** More kernel arguments; what is after ` -- ` stays at the end. */
  readonly append?: string
  /** The first disk, /dev/vda: formatted at the first boot unless `left blank`. */
  readonly stateDisk?: 'formatted' | 'left blank' | 'none'
  /** Empty disks after it, by size in bytes. */
  readonly moreDisks?: readonly number[]
  /** Boot the ISO as a CD instead of the kernel. */
  readonly iso?: boolean
  /** Do not log in: the test talks to the console. */
  readonly consoleOnly?: boolean
  readonly memoryMb?: number
  readonly network?: 'none'
  /** More arguments of QEMU. */
  readonly extra?: readonly string[]
}

/**
 * A group of tests on one machine, which is booted before the first and ended after the last of them. What the console
 * said last is shown with a test that fails.
 */
export function describeGuest(name: string, options: GuestOptions, tests: (guest: Guest) => void): void {
  describe(name, () => {
    const guest = new Guest(options)
    beforeAll(() => guest.boot())
    afterEach(({ task }) => {
      if (task.result?.state === 'fail')
        process.stdout.write(`console:\n${guest.machine.lastLines(40).join('\n')}\n`)
    })
    afterAll(() => guest.end())
    tests(guest)
  })
}

export class Guest {
  readonly #options: GuestOptions
  #folder: string | undefined
  #machine: Machine | undefined
  #address: Omit<Parameters<typeof connectSsh>[0], 'timeoutMs'> | undefined
  #client: Awaited<ReturnType<typeof connectSsh>> | undefined

  constructor(options: GuestOptions) {
    this.#options = options
  }

  get machine(): Machine {
    return there(this.#machine)
  }

  /** Starts the machine, and logs in unless the test is about its console only. */
  async boot(): Promise<void> {
    const options = this.#options
    const folder = mkdtempSync(join(tmpdir(), 'ros-guest-'))
    this.#folder = folder
    const keys = await ensureKeyPair(join(folder, 'keys'), 'rancheros-kit')
    const given =
      options.cloudConfig === undefined ? undefined : { text: options.cloudConfig, name: 'cloud-config.yml' }
    const disks = await makeDisks(folder, options, userData(given, keys.publicKey))
    const port = await freePort()
    const { accelerator } = await probeAccelerator({})
    const command = qemuCommand({
      accelerator,
      memoryMb: options.memoryMb ?? 2048,
      cpus: 2,
      boot: bootFrom(options),
      ...disks,
      network: options.network ?? { forwards: [{ hostPort: port, guestPort: 22 }], hostname: 'rancher' },
      qmpSocket: join(folder, 'qmp.sock'),
      ...(options.extra && { extra: options.extra }),
    })
    const machine = await startMachine(command, {
      consoleLog: join(folder, 'console.log'),
      stdin: options.consoleOnly ? 'pipe' : 'ignore',
    })
    this.#machine = machine
    const hostKey = { knownHostsFile: join(folder, 'known_hosts') }
    this.#address = { port, username: 'rancher', privateKey: keys.privateKey, hostKey, until: machine }
    if (!options.consoleOnly) await this.login()
  }

  async end(): Promise<void> {
    this.#client?.end()
    await this.#machine?.quit()
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Logs in (again) as soon as sshd answers. */
  async login(timeoutMs = BOOT_MS): Promise<void> {
    this.#client?.end()
    this.#client = await connectSsh({ ...there(this.#address), timeoutMs })
  }

  /** Runs a script in rancher's shell. Gives all it prints, and at the end `exit N` when N is not 0. */
  async run(script: string): Promise<string> {
    const { code, stdout, stderr } = await capture(there(this.#client), script)
    return `${stdout}${stderr}${code === 0 ? '' : `exit ${code}\n`}`
  }

  /** Runs a script as root. */
  async root(script: string): Promise<string> {
    return await this.run(asRoot(script))
  }

  /** Runs a script once a second until it prints what matches; gives that, or the last it printed when the time is over. */
  async until(script: string, pattern: RegExp, timeoutMs = BOOT_MS): Promise<string> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const printed = await this.run(script)
      if (pattern.test(printed) || performance.now() > deadline) return printed
      await sleep(1000)
    }
  }

  /** Logs in again and again until a script prints what matches: for a console that is replaced. */
  async inNewSession(script: string, pattern: RegExp): Promise<void> {
    const deadline = performance.now() + BOOT_MS
    for (;;) {
      await this.login()
      const printed = await this.run(script).catch((error: unknown) => String(error))
      if (pattern.test(printed)) return
      if (performance.now() > deadline)
        throw new Error(`no answer that matches ${String(pattern)}: ${printed}`)
      await sleep(1000)
    }
  }

  /** Waits until the bring-up of all services has ended. */
  async started(): Promise<string> {
    const line = await this.machine.waitForLine(/RancherOS \S+ started/, BOOT_MS)
    // A login prompt may stand before it.
    return line.slice(line.indexOf('RancherOS'))
  }

  /**
   * Runs a command in the shell of the serial console and gives what it prints, as one line. Input and output share the
   * terminal: the answer is told from the echo of the command by what the shell puts together.
   */
  async type(command: string): Promise<string> {
    this.machine.write(`echo an""swer: $(${command})\n`)
    return (await this.machine.waitForLine(/^answer: /, BOOT_MS)).slice('answer: '.length)
  }

  async bootId(): Promise<string> {
    return await this.run('cat /proc/sys/kernel/random/boot_id')
  }

  /**
   * Restarts the machine, in order or by another script, and logs in to the next boot. `newHostKey`: its state is in
   * memory, or lost, and with it the host key.
   */
  async reboot(script = 'sudo reboot', newHostKey = false): Promise<void> {
    const before = await this.bootId()
    // The connection may end before the command does.
    await this.run(script).catch(() => undefined)
    const deadline = performance.now() + BOOT_MS
    for (;;) {
      // The boot that ends may be the one that answers once more.
      if (newHostKey) await rm(there(this.#address).hostKey.knownHostsFile, { force: true })
      await this.login()
      const now = await this.bootId().catch(() => before)
      if (now !== before) return
      if (performance.now() > deadline) throw new Error('the machine did not restart')
      await sleep(500)
    }
  }
}

/** A script for rancher's shell that has root's bash run another one, whatever quotes that has. */
export function asRoot(script: string): string {
  const end = `END-${randomBytes(8).toString('hex')}`
  return `sudo bash -s <<'${end}'\n${script}\n${end}\n`
}

function there<T>(value: T | undefined): T {
  if (value !== undefined) return value
  throw new Error('the machine is not booted, or nobody is logged in')
}

async function makeDisks(
  folder: string,
  options: GuestOptions,
  text: string,
): Promise<{ disks: Disk[]; cdroms: string[] }> {
  const disks: Disk[] = []
  const sizes = [...(options.stateDisk === 'none' ? [] : [DISK_BYTES]), ...(options.moreDisks ?? [])]
  for (const [index, size] of sizes.entries()) {
    const path = join(folder, `disk${index}.qcow2`)
    await replaceFile(path, writeEmptyQcow2({ size }))
    disks.push({ path, format: 'qcow2' })
  }
  const config = join(folder, 'config.img')
  if (options.configDisk === 'fat') {
    await replaceFile(
      config,
      writeFat(layoutFat(configTree(text, FAT_TIME), { serialNumber: 1, label: 'CONFIG-2' })),
    )
    return { disks: [...disks, { path: config, format: 'raw', readOnly: true }], cdroms: [] }
  }
  await writeCloudConfigIso(config, text)
  return { disks, cdroms: [config] }
}

function bootFrom(options: GuestOptions): QemuOptions['boot'] {
  if (options.iso) return { cdrom: join(inject('artifacts'), 'rancheros.iso') }
  const format = (options.stateDisk ?? 'formatted') === 'formatted' ? [AUTOFORMAT] : []
  return {
    kernel: join(inject('artifacts'), 'vmlinuz'),
    initrd: join(inject('artifacts'), 'initrd'),
    append: ['console=ttyS0 quiet panic=10', ...format, options.append ?? ''].join(' ').trim(),
  }
}
