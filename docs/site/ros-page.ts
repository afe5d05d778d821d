import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { page } from './markdown.ts'
import { ROOT } from './place.ts'

/** The reference of `ros`: the help of every command, as the program itself prints it. */
export function rosPage(help: (words: readonly string[]) => string = askRos): string {
  return page([
    '# Command ros',
    'Made of what `ros COMMAND --help` prints on a machine. Commands that change something want root: `sudo ros …`.',
    ...sections(['ros'], help),
  ])
}

function sections(words: readonly string[], help: (words: readonly string[]) => string): string[] {
  const text = help(words.slice(1))
  const below = namesOf(text).flatMap((name) => sections([...words, name], help))
  return [`## ${words.join(' ')}`, `\`\`\`\n${text.trimEnd()}\n\`\`\``, ...below]
}

/** Names of the commands in a help, the first of each. */
function namesOf(text: string): string[] {
  const [, list = ''] = /^commands:\n((?: {2}.*\n?)+)/m.exec(text) ?? []
  return [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name)
}

function askRos(words: readonly string[]): string {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch
  const program = join(ROOT, 'packages', 'init', 'dist', `ros-linux-${arch}`)
  if (!existsSync(program)) throw new Error(`${program} is not there: \`npm run build\` makes it`)
  return execFileSync(program, [...words, '--help'], { encoding: 'utf8' })
}
