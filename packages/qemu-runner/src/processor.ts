import { QemuRunnerError } from './error.ts'
import type { Accelerator, QemuOptions } from './qemu-options.ts'
import { byVersion } from './qemu-version.ts'

/** `-accel` and `-cpu`. */
export function processorArgs(options: QemuOptions): string[] {
  return ['-accel', accelerator(options), '-cpu', options.cpu ?? cpuModel(options)]
}

function accelerator({ accelerator, arch, version }: QemuOptions): string {
  switch (accelerator) {
    case 'tcg':
      return 'tcg,thread=multi'
    case 'whpx': {
      // MSIs are lost with the hypervisor's own interrupt controller.
      if (arch !== 'aarch64') return 'whpx,kernel-irqchip=off'
      const whpx = byVersion('whpxArm', version)
      if (whpx !== undefined) return whpx
      throw new QemuRunnerError('ROS_QEMU_OPTION', 'this QEMU has no WHPX for arm64 guests', {
        subject: 'accelerator whpx',
        limit: 'version 11.0 or newer',
      })
    }
    case 'kvm':
    case 'hvf':
      return accelerator
  }
}

const HOST_MODEL: readonly Accelerator[] = ['kvm', 'hvf']

function cpuModel({ accelerator, arch, version }: QemuOptions): string {
  if (HOST_MODEL.includes(accelerator)) return 'host'
  // WHPX has no `host`, and ends with "Unexpected VP exit code 4" for some features of `max`.
  if (accelerator === 'whpx') return arch === 'aarch64' ? 'max' : 'qemu64'
  return arch === 'aarch64' ? byVersion('armMaxCpu', version) : 'max'
}
