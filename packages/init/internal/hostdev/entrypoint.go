package hostdev

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Main is the program `ros entrypoint PROGRAM [ARGUMENT...]`, for containers of services: it binds the machine's /dev and
// becomes the program.
func Main(args []string) int {
	if len(args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: ros entrypoint PROGRAM [ARGUMENT...]")
		return 2
	}
	if err := Bind(); err != nil {
		fmt.Fprintln(os.Stderr, "entrypoint:", err)
	}
	program, err := exec.LookPath(args[1])
	if err == nil {
		err = unix.Exec(program, args[1:], os.Environ())
	}
	fmt.Fprintf(os.Stderr, "entrypoint: starting %s: %v\n", args[1], err)
	return 127
}
