export { type ProbeOptions, type ProbeResult, probeAccelerator } from './accelerator.ts'
export { attachConsole } from './attach-console.ts'
export { type Code, debugExit, type MicroGuestOptions, microGuest } from './boot-sector.ts'
export { formatCommand, type QemuCommand, qemuCommand } from './command.ts'
export { QemuRunnerError, type QemuRunnerErrorCode, type QemuRunnerErrorDetail } from './error.ts'
export { type FirmwareHost, findFirmware } from './find-firmware.ts'
export { Machine, type MachineExit } from './machine.ts'
export { microGuestArm64 } from './micro-guest-arm64.ts'
export type { NetworkCard, PortForward, UserNetwork } from './network-card.ts'
export { checkPortFree, freePort } from './ports.ts'
export type {
  Accelerator,
  Boot,
  Disk,
  Display,
  Firmware,
  QemuArch,
  QemuMachine,
  QemuOptions,
  Serial,
  Share,
} from './qemu-options.ts'
export { probeQemuVersion, type QemuVersion, readQemuVersion } from './qemu-version.ts'
export { connectQmp, isSocketServed, type Qmp } from './qmp.ts'
export {
  type Captured,
  capture,
  type PtySize,
  type RemoteExit,
  type RemoteStreams,
  runCommand,
} from './ssh-command.ts'
export { type ConnectSshOptions, connectSsh } from './ssh-connect.ts'
export { ensureKeyPair, generateKeyPair, type KeyFiles, type KeyPair } from './ssh-key.ts'
export { interactiveShell, type ShellOptions } from './ssh-shell.ts'
export { type DetachedMachine, startDetached } from './start-detached.ts'
export { type MachineOptions, startMachine } from './start-machine.ts'
export type { TerminalInput } from './terminal.ts'
