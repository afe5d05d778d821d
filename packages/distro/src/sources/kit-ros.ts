import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { DistroError } from '../error.ts'

/** The built binary of the package @ros/init, as this kit came with it. */
export function kitRos(arch: string): string {
  const require = createRequire(import.meta.url)
  const path = resolved(require, `@ros/init/ros-linux-${arch}`)
  if (path === undefined) {
    throw new DistroError('ROS_DISTRO_ARCH', 'this kit brings no ros for the architecture', {
      subject: arch,
      hint: 'name one in the recipe: ros: { file: … } or { build: … }',
    })
  }
  if (existsSync(path)) return path
  throw new DistroError('ROS_DISTRO_INPUT', 'ros is not built', {
    subject: path,
    hint: 'in a checkout: `npm run build` (needs Go 1.24 or later)',
  })
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
    throw error
  }
}
