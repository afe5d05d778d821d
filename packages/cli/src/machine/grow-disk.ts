import type { Qmp } from '@ros/qemu-runner'
import { CliError } from '../error.ts'

/** Grows the first disk of a machine that waits (`paused`), then lets it go. QEMU does it, for every format alike. */
export async function growDisk(qmp: Qmp, size: number): Promise<void> {
  const disks = (await qmp.execute('query-block')) as {
    readonly device: string
    readonly inserted?: { readonly image: { readonly 'virtual-size': number } }
  }[]
  const now = disks.find(({ device }) => device === 'disk0')?.inserted?.image['virtual-size'] ?? 0
  if (size < now) {
    throw new CliError('ROS_CLI_USAGE', 'a disk only grows', {
      subject: '--resizehd',
      got: `${size} bytes`,
      limit: `${now} bytes or more, the size it has`,
    })
  }
  if (size > now) await qmp.execute('block_resize', { device: 'disk0', size })
  await qmp.execute('cont')
}
