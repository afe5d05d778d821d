import type { Guest } from './guest.ts'

const MOUNT = '/mnt/medium'

/** Mounts the medium in a CD drive; gives the path of its installer image. */
export async function mountedInstaller({ sh }: Guest, drive: string): Promise<string> {
  await sh(`sudo mkdir -p ${MOUNT} && sudo mount -o ro /host/dev/${drive} ${MOUNT}`)
  return `${MOUNT}/rancheros/installer.tar.gz`
}
