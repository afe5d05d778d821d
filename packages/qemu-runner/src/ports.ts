import { type AddressInfo, createServer } from 'node:net'
import { QemuRunnerError } from './error.ts'
import { checkPort } from './option-value.ts'

const LOOPBACK = '127.0.0.1'

/**
 * Throws `ROS_QEMU_PORT_IN_USE` when something listens on the port, `ROS_QEMU_PORT_DENIED` when the system does not
 * allow it. The port may still be taken before QEMU gets it: QEMU then ends with `ROS_QEMU_EXITED`.
 */
export async function checkPortFree(port: number, host = LOOPBACK): Promise<void> {
  checkPort('port', port)
  try {
    await listenOnce(port, host)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') {
      throw new QemuRunnerError('ROS_QEMU_PORT_IN_USE', 'port is in use', {
        subject: `${host}:${port}`,
        hint: 'a machine may be running already; choose another port with --port N',
        cause,
      })
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new QemuRunnerError('ROS_QEMU_PORT_DENIED', 'this user may not listen on the port', {
        subject: `${host}:${port}`,
        hint: 'choose a port above 1023 with --port N',
        cause,
      })
    }
    throw cause
  }
}

/** A port that is free now, chosen by the system. */
export async function freePort(host = LOOPBACK): Promise<number> {
  return await listenOnce(0, host)
}

async function listenOnce(port: number, host: string): Promise<number> {
  const server = createServer()
  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => {
      const { port: got } = server.address() as AddressInfo
      server.close(() => resolve(got))
    })
  })
}
