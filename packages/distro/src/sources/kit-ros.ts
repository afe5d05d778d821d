import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { DistroError } from '../error.ts'

/** The built binary of the package @ros/init, as this kit came with it. */
export function kitRos(arch: string): string {
  const require = createRequire(import.meta.url)
  const path = require.resolve(`@ros/init/ros-linux-${arch}`)
  if (existsSync(path)) return path
  throw new DistroError('ROS_DISTRO_INPUT', 'ros is not built', {
    subject: path,
    hint: 'in a checkout: `npm run setup` (needs Go 1.24 or later)',
  })
}
