export { type ProbeOptions, type ProbeResult, probeAccelerator } from './accelerator.ts'
export { type Code, debugExit, type MicroGuestOptions, microGuest } from './boot-sector.ts'
export {
  type Accelerator,
  type Boot,
  type Disk,
  type Firmware,
  formatCommand,
  type PortForward,
  type QemuCommand,
  type QemuOptions,
  qemuCommand,
} from './command.ts'
export { QemuRunnerError, type QemuRunnerErrorCode, type QemuRunnerErrorDetail } from './error.ts'
export { Machine, type MachineExit } from './machine.ts'
export { checkPortFree, freePort } from './ports.ts'
export { connectQmp, type Qmp } from './qmp.ts'
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
export { type MachineOptions, startMachine } from './start-machine.ts'
export type { TerminalInput } from './terminal.ts'
