import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDaemon } from '../src/daemon.ts'

/** A Docker daemon of the test's own: its data, sockets and log are in a temporary directory. */
export interface TestDaemon {
  readonly docker: Awaited<ReturnType<typeof connectDaemon>>
  readonly socket: string
  stop(): Promise<void>
}

/**
 * Starts `dockerd`, on a data root of the caller's or on one of its own, which it removes, with `more` options. Throws, saying what is missing,
 * when it cannot run here: a skipped oracle proves nothing.
 */
export async function startDockerd(dataRoot?: string, more: readonly string[] = []): Promise<TestDaemon> {
  if (process.getuid?.() !== 0) throw new Error('the docker tests start a dockerd: run them as root')
  const binary = ['/usr/sbin/dockerd', '/usr/bin/dockerd'].find((path) => existsSync(path))
  if (!binary) throw new Error('dockerd is missing: install the package docker.io')
  const folder = await mkdtemp(join(tmpdir(), 'ros-dockerd-'))
  const socket = join(folder, 'socket')
  const log = join(folder, 'log')
  const options = ['--exec-root', 'exec', '--pidfile', 'pid'].map((word) =>
    word.startsWith('--') ? word : join(folder, word),
  )
  const data = ['--data-root', dataRoot ?? join(folder, 'data')]
  const child = spawn(binary, [...data, ...options, '-H', `unix://${socket}`, ...isolated, ...more], {
    stdio: ['ignore', 'ignore', openSync(log, 'w')],
  })
  const docker = await connectDaemon(socket)
  const stop = async () => {
    await ended(child)
    // An unmount of a container's file system can still be on its way.
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  for (let attempt = 0; attempt < 150; attempt++) {
    if (child.exitCode !== null) break
    if (await docker.ping().catch(() => false)) return { docker, socket, stop }
    await sleep(200)
  }
  const last = readFileSync(log, 'utf8').split('\n').slice(-8).join('\n')
  await stop()
  throw new Error(`dockerd does not answer:\n${last}`)
}

const isolated = ['--iptables=false', '--ip6tables=false', '--bridge=none']

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  // Twice the time that dockerd gives its containers.
  const force = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await exit
  clearTimeout(force)
}
