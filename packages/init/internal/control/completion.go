package control

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Each shell asks `ros complete` with the line in COMP_LINE, as bash's `complete -C` does, and gets one word a line.
var completions = map[string]string{
	"bash": "complete -o default -C 'ros complete' ros\n",
	"zsh": `#compdef ros
_ros() {
  local -a words_of_ros
  words_of_ros=(${(f)"$(COMP_LINE="${words[1,CURRENT]}" ros complete)"})
  compadd -a words_of_ros
}
compdef _ros ros
`,
	"fish": "complete -c ros -f -a '(COMP_LINE=(commandline -cp) ros complete)'\n",
}

var completionCommand = command{
	names: []string{"completion"}, usage: "ros completion bash|zsh|fish", summary: "print what makes a shell complete the words of ros",
	least: 1, most: 1, want: "the name of a shell", words: func(*session) []string { return []string{"bash", "fish", "zsh"} },
	setup: plain(func(s *session, args []string) error {
		script, known := completions[args[0]]
		if !known {
			return misused("no such shell: %s, want bash, zsh or fish", args[0])
		}
		_, err := fmt.Fprint(s.stdout, script)
		return err
	}),
}

// completeCommand is for shells. bash adds arguments of its own, which say nothing that the line does not.
var completeCommand = command{names: []string{"complete"}, usage: "ros complete", summary: "print the words that may come next", hidden: true, most: -1}

func init() {
	// Here and not above: the tree of commands has this one in it.
	completeCommand.setup = plain(func(s *session, _ []string) error {
		line := os.Getenv("COMP_LINE")
		if point, err := strconv.Atoi(os.Getenv("COMP_POINT")); err == nil && point >= 0 && point < len(line) {
			line = line[:point]
		}
		for _, word := range candidates(s.quietly(), line) {
			fmt.Fprintln(s.stdout, word)
		}
		return nil
	})
}

// candidates are the words that the last one of a line, which may be empty, can become.
func candidates(s *session, line string) []string {
	typed := strings.Fields(line)
	last := ""
	if len(typed) > 0 && !strings.HasSuffix(line, " ") {
		last = typed[len(typed)-1]
		typed = typed[:len(typed)-1]
	}
	at := commands()
	for _, word := range typed[min(1, len(typed)):] {
		if next, err := at.find(word); err == nil {
			at = next
		}
	}
	var words []string
	switch {
	case strings.HasPrefix(last, "-"):
		words = optionsOf(s, at)
	case len(at.subcommands) > 0:
		for _, next := range at.subcommands {
			if !next.hidden {
				words = append(words, next.names...)
			}
		}
	case at.words != nil:
		words = at.words(s)
	}
	words = slices.DeleteFunc(words, func(word string) bool { return !strings.HasPrefix(word, last) })
	slices.Sort(words)
	return slices.Compact(words)
}

func optionsOf(s *session, at command) []string {
	words := []string{"--help"}
	if at.setup != nil {
		flags := newFlags()
		at.setup(s, flags)
		flags.VisitAll(func(option *flag.Flag) { words = append(words, dashed(option.Name)) })
	}
	return words
}
