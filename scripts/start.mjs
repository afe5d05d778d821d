// `npm start`: sets up, builds RancherOS, boots it, logs in, shows what runs, powers it off.
import { bin, run, say } from './console.mjs'
import { setup } from './setup.mjs'

const SHOW = `
show() { printf '\\n$ %s\\n' "$*"; "$@"; }
show ros -v
show cat /proc/1/comm
show sudo system-docker ps
sudo wait-for-docker
show docker info
`

await setup()
say('building RancherOS')
const built = await run(bin('rancheros-kit'), ['build'])
if (built !== 0) process.exit(built)
say('booting it in QEMU and logging in')
process.exit(await run(bin('rancheros-kit'), ['run', '--ssh', '--', SHOW]))
