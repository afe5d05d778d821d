import { qemuCommand, startMachine } from '@ros/qemu-runner'
const A = '/tmp/wt/run/dist/artifacts/'
for (const memoryMb of process.argv.slice(2).map(Number)) {
  const t = performance.now()
  await using machine = await startMachine(qemuCommand({ accelerator: 'tcg', memoryMb, cpus: 2, noReboot: true, network: 'none',
    boot: { kernel: A + 'vmlinuz', initrd: A + 'initrd', append: 'console=ttyS0 panic=-1' } }))
  const seen: string[] = []
  try {
    const line = await machine.waitForLine(/Initramfs unpacking failed|Kernel panic|Out of memory|oom-kill|\bros\b.*phase|RancherOS|Run \/init|mount/, 120000)
    const l2 = await machine.waitForLine(/Kernel panic|Out of memory|RancherOS \S+ started/, 20000).catch((e: Error) => e.message.split('\n')[0])
    console.log(memoryMb, line, '|', l2, ((performance.now() - t) / 1000).toFixed(1))
  } catch (e) { console.log(memoryMb, (e as Error).message.split('\n').slice(0, 3)) }
  console.log(machine.lastLines(400).filter((l) => /Memory:|Freeing initrd|rootfs|tmpfs/.test(l)))
}
