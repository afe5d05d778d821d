import type { Guest } from './guest.ts'

/** The installer's image of a medium in a CD drive, loaded and ready to run as `ros install` and `ros os upgrade` run it. */
export async function installer({ sh, attempt }: Guest, drive: string, image: string) {
  await sh(`sudo mkdir -p /mnt/medium && sudo mount -o ro /host/dev/${drive} /mnt/medium`)
  await sh('sudo system-docker load -i /mnt/medium/rancheros/installer.tar.gz && sudo umount /mnt/medium')
  const run = 'sudo system-docker run --rm --privileged --net=host --pid=host -v /dev:/host/dev'
  return (args: string) => attempt(`${run} -v /home/rancher:/config ${image} ${args}`)
}
