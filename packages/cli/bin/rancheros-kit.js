#!/usr/bin/env node
// Asked before anything is imported: an older release fails in the middle of that, with words that help nobody.
const OLDEST = [22, 15]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  process.stderr.write(
    `error: Node ${process.versions.node} is too old: rancheros-kit needs Node ${OLDEST.join('.')} or later\n` +
      'hint: https://nodejs.org has it, for Linux also without root\n' +
      'code: ROS_CLI_NODE\n',
  )
  process.exitCode = 1
} else {
  await import('../dist/main.js')
}
