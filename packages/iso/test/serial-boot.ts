import { spawn } from 'node:child_process'

/**
 * Starts a machine with these arguments and waits until its serial line says `text`; ends the machine then. Throws with
 * the last output when it does not within `timeoutMs`, or when QEMU is not installed.
 */
export function waitForSerial(args: readonly string[], text: string, timeoutMs: number): Promise<string> {
  const machine = [
    '-machine',
    'accel=tcg',
    '-m',
    '128',
    '-nographic',
    '-no-reboot',
    '-nodefaults',
    '-serial',
    'stdio',
  ]
  return new Promise((resolve, reject) => {
    const child = spawn('qemu-system-x86_64', [...machine, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    // The BIOS mirrors the screen to the serial line as well, with cursor moves that may cut a word in two.
    const plain = () => output.replaceAll(/\u001b\[[0-9;?=]*[A-Za-z]|\r/g, '')
    let output = ''
    let done = false
    const end = (report: () => void) => {
      if (done) return
      done = true
      clearTimeout(timer)
      child.kill('SIGKILL')
      report()
    }
    const fail = (problem: string, cause?: unknown) =>
      end(() => {
        reject(new Error(`${problem}; the last output was:\n${plain().slice(-2000)}`, { cause }))
      })
    const timer = setTimeout(() => {
      fail(`no ${JSON.stringify(text)} within ${timeoutMs} ms`)
    }, timeoutMs)
    const listen = (chunk: Buffer) => {
      output += chunk.toString('latin1')
      if (plain().includes(text))
        end(() => {
          resolve(plain())
        })
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', (cause) => {
      fail('qemu-system-x86_64 does not start: install the Debian package qemu-system-x86', cause)
    })
    child.on('close', () => {
      fail('the machine ended')
    })
  })
}
