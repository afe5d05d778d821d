package respawn

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main is the program respawn: it keeps the command lines of a file (-f) or of standard input running.
func Main(args []string) int {
	flags := flag.NewFlagSet("respawn", flag.ContinueOnError)
	path := flags.String("f", "", "`file` with one command line a line; standard input without it")
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	programs, err := open(*path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "respawn:", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	Run(ctx, programs, func(format string, arguments ...any) {
		fmt.Fprintf(os.Stderr, "respawn: "+format+"\n", arguments...)
	})
	return 0
}

func open(path string) ([]Program, error) {
	if path == "" {
		return parse(os.Stdin)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parse(file)
}

// parse reads one command line a line, its words between white space; empty lines and those that begin with # are comments.
func parse(reader io.Reader) ([]Program, error) {
	var programs []Program
	scanner := bufio.NewScanner(reader)
	for scanner.Scan() {
		words := strings.Fields(scanner.Text())
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			programs = append(programs, Program{Args: words})
		}
	}
	return programs, scanner.Err()
}
