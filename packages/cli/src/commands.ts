import type { Command } from './command.ts'
import { build } from './commands/build.ts'
import { cache } from './commands/cache.ts'
import { cat } from './commands/cat.ts'
import { completion } from './commands/completion.ts'
import { consoleCommand } from './commands/console.ts'
import { cp } from './commands/cp.ts'
import { customize } from './commands/customize.ts'
import { diff } from './commands/diff.ts'
import { extract } from './commands/extract.ts'
import { images } from './commands/images.ts'
import { init } from './commands/init.ts'
import { inspect } from './commands/inspect.ts'
import { installDiskCommand } from './commands/install-disk.ts'
import { kernelTar } from './commands/kernel-tar.ts'
import { lint } from './commands/lint.ts'
import { lock } from './commands/lock.ts'
import { logs } from './commands/logs.ts'
import { ls } from './commands/ls.ts'
import { ps } from './commands/ps.ts'
import { publish } from './commands/publish.ts'
import { pull } from './commands/pull.ts'
import { push } from './commands/push.ts'
import { run } from './commands/run.ts'
import { schema } from './commands/schema.ts'
import { serve } from './commands/serve.ts'
import { ssh } from './commands/ssh.ts'
import { stop } from './commands/stop.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  init,
  lock,
  build,
  run,
  ssh,
  cp,
  ps,
  logs,
  consoleCommand,
  stop,
  installDiskCommand,
  serve,
  ls,
  cat,
  extract,
  inspect,
  diff,
  lint,
  publish,
  pull,
  push,
  customize,
  cache,
  images,
  kernelTar,
  schema,
  completion,
]
