import { type ChildProcess, spawn } from 'node:child_process'

export interface OwnerWatch {
  /** From now on the process ends (SIGKILL) when this one is gone. Call it right after the start of the process. */
  cover(pid: number): void
  /** The process has ended: the watcher ends too, before the number can be used again. */
  callOff(): void
}

/**
 * A watcher that ends a process when this one is gone, however it ended: the kernel closes our end of a pipe even after SIGKILL,
 * and a shell that reads from the other end sees it. It is started first and told the number then, so that there is no moment
 * in which nobody watches. QEMU's own `-run-with exit-with-parent` came with 10.2, and not for every system.
 */
export function watchOwner(): OwnerWatch {
  const watcher = startWatcher()
  const { stdin } = watcher
  watcher.on('error', () => undefined) // no shell, no watcher: exits and signals are still seen by ourselves
  stdin?.on('error', () => undefined)
  watcher.unref()
  // A pipe to a child is a socket, which has it; the type of a child's stream has not.
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return {
    cover: (pid) => void stdin?.write(`${pid}\n`),
    callOff: () => void stdin?.end('done\n'),
  }
}

/** In a session of its own: Ctrl-C must not end the watcher before its owner. It holds no stream of ours but the pipe. */
function startWatcher(): ChildProcess {
  const windows = process.platform === 'win32'
  return spawn(windows ? process.execPath : '/bin/sh', windows ? ['-e', IN_NODE] : ['-c', IN_SHELL], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    windowsHide: true,
  })
}

const IN_SHELL =
  'read -r pid || exit 0; [ "$pid" = done ] && exit 0; read -r word; [ "$word" = done ] || kill -KILL "$pid"'
const IN_NODE = `
let text = ''
process.stdin.on('data', (chunk) => { text += chunk })
process.stdin.on('end', () => {
  const [pid, word] = text.split('\\n')
  if (Number(pid) > 0 && word !== 'done') try { process.kill(Number(pid), 'SIGKILL') } catch {}
})`
