import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Where a disk or a partition of it is mounted, as far as this system tells. */
export async function mountsOf(device: string): Promise<string[]> {
  const disk = await realpath(device)
  return mountTable(await tableText())
    .filter(({ source }) => isPartOf(source, disk))
    .map(({ target }) => target)
}

async function tableText(): Promise<string> {
  if (process.platform === 'linux') return readFile('/proc/self/mounts', 'utf8')
  // mount(8) of macOS: /dev/disk4s1 on /Volumes/NAME (msdos, local)
  const { stdout } = await promisify(execFile)('mount')
  return stdout.replaceAll(/ on (.*) \(.*\)$/gm, ' $1')
}

/** Lines of device and directory, with octal escapes in both (getmntent(3)). */
export function mountTable(text: string): { source: string; target: string }[] {
  const plain = (word: string) =>
    word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
  return text.split('\n').flatMap((line) => {
    const [source, target] = line.split(' ')
    return source !== undefined && target !== undefined
      ? [{ source: plain(source), target: plain(target) }]
      : []
  })
}

/** /dev/sda1 of /dev/sda, /dev/nvme0n1p2 of /dev/nvme0n1, /dev/disk4s1 of /dev/disk4 and of /dev/rdisk4. */
export function isPartOf(source: string, disk: string): boolean {
  const whole = disk.replace(/^\/dev\/rdisk/, '/dev/disk')
  if (!source.startsWith(whole)) return false
  const rest = source.slice(whole.length)
  return /^[ps]?\d*$/.test(rest) && !(/\d$/.test(whole) && /^\d/.test(rest))
}
