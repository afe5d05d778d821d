package boot

import (
	"fmt"
	"os"
	"path/filepath"
)

// Main is PID 1: as /init the kernel starts it in the initramfs, as `ros init` it starts itself in the root that stays.
func Main(args []string) int {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: only the kernel starts this program")
		return 1
	}
	if filepath.IsAbs(args[0]) {
		StageOne()
	} else {
		StageTwo()
	}
	return 1
}
