import { command } from '../command.ts'

/** Scripts that ask `completion words` for what fits; files where nothing does, as the shells do it themselves. */
const SCRIPTS = {
  bash: `# eval "$(rancheros-kit completion bash)"
_rancheros_kit() {
  local IFS=$'\\n'
  local words
  words=$(rancheros-kit completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _rancheros_kit rancheros-kit
`,
  zsh: `#compdef rancheros-kit
# eval "$(rancheros-kit completion zsh)"
_rancheros_kit() {
  local -a found
  found=(\${(f)"$(rancheros-kit completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
compdef _rancheros_kit rancheros-kit
`,
  fish: `# rancheros-kit completion fish | source
function __rancheros_kit
    set -l words (commandline -opc) (commandline -ct)
    rancheros-kit completion words -- $words[2..-1] 2>/dev/null
end
complete -c rancheros-kit -a '(__rancheros_kit)'
`,
} as const

export const completion = command({
  usage: 'completion <shell>',
  describe: 'print a script that completes commands, options, recipes and names of machines',
  examples: [
    ['eval "$($0 completion bash)"', 'in ~/.bashrc; zsh likewise, after compinit'],
    ['$0 completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  rest: 'with `words`, a command line whose last word is to be completed',
  options: (y) =>
    y.positional('shell', {
      choices: ['bash', 'zsh', 'fish', 'words'] as const,
      demandOption: true,
      describe: 'the shell; `words` is what the scripts ask',
    }),
  run: ({ shell }, { rest, complete }) => {
    if (shell !== 'words')
      return Promise.resolve({ data: { shell, script: SCRIPTS[shell] }, text: SCRIPTS[shell] })
    const words = complete(rest)
    return Promise.resolve({ data: words, text: words.map((word) => `${word}\n`).join('') })
  },
})
