import { QemuRunnerError } from './error.ts'

/** A value inside QEMU's `key=value,…` syntax: a comma is written twice. */
export function escapeValue(value: string): string {
  return value.replaceAll(',', ',,')
}

/**
 * A file name for `-drive file=`. QEMU takes what stands before a colon for a protocol, unless a slash comes first
 * (block.c, path_has_protocol); a drive letter is no protocol.
 */
export function driveFile(path: string): string {
  const looksLikeProtocol = /^[^/\\]*:/.test(path) && !/^[A-Za-z]:[\\/]/.test(path)
  return escapeValue(looksLikeProtocol ? `./${path}` : path)
}

/** Throws `ROS_QEMU_OPTION` unless `value` is an integer from `min` to `max`. Returns it. */
export function checkInteger(subject: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new QemuRunnerError('ROS_QEMU_OPTION', 'number out of range', {
    subject,
    got: String(value),
    limit: `${min} … ${max}`,
  })
}

export function checkPort(subject: string, port: number): number {
  return checkInteger(subject, port, 1, 65_535)
}

/** Linux takes 107 bytes in a socket's path, macOS 103 (sun_path in sys/un.h, with its NUL): the smaller holds everywhere. */
const SOCKET_PATH_BYTES = 103

export function checkSocketPath(path: string): string {
  const size = new TextEncoder().encode(path).length
  if (size <= SOCKET_PATH_BYTES) return path
  throw new QemuRunnerError('ROS_QEMU_OPTION', 'path of the control socket is too long', {
    subject: path,
    got: `${size} bytes`,
    limit: `${SOCKET_PATH_BYTES} bytes`,
    hint: 'put the socket into a directory with a shorter name, such as the temporary directory',
  })
}
