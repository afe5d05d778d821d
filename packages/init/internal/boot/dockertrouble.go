package boot

import (
	"fmt"
	"sync"

	"rancheros-kit/init/internal/daemon"
	"rancheros-kit/init/internal/imagestore"
	"rancheros-kit/init/internal/kmsg"
	"rancheros-kit/init/internal/recovery"
)

// After so many starts of system docker without an answer: say why; set its records aside, once in a boot; open the root
// shell where one is allowed, because there will be no console.
const (
	sayAfter   = 2
	asideAfter = 3
	shellAfter = 5
)

// dockerTrouble counts the starts of system docker that came to nothing.
type dockerTrouble struct {
	say, setAside, openShell func()

	mu     sync.Mutex
	starts int
	aside  bool
}

func newDockerTrouble(m *Machine) *dockerTrouble {
	return &dockerTrouble{
		say: func() { kmsg.Error("system docker does not start: %s", daemon.LogEnd("/")) },
		setAside: func() {
			where, err := daemon.SetAside(imagestore.DataRoot)
			if err != nil {
				kmsg.Error("%v", err)
				return
			}
			kmsg.Error("its records of containers and networks were moved to %s, the services' containers are made anew", where)
		},
		openShell: func() {
			terminals := recovery.Terminals(m.CommandLine, m.Config.Rancher.Recovery, m.Config.Rancher.Autologin)
			if len(terminals) == 0 {
				return
			}
			reason := fmt.Sprintf("System docker does not start, so there is no console: %s\nPID 1 goes on trying.", daemon.LogEnd("/"))
			go func() {
				if err := m.run(append([]string{"ros", "recovery", reason}, terminals...), forever); err != nil {
					kmsg.Error("there is no recovery console: %v", err)
				}
			}()
		},
	}
}

// starting is called before every start.
func (t *dockerTrouble) starting() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.starts {
	case sayAfter:
		t.say()
	case asideAfter:
		if !t.aside {
			t.aside = true
			t.setAside()
		}
	case shellAfter:
		t.openShell()
	}
	t.starts++
}

// answers is called when system docker does.
func (t *dockerTrouble) answers() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.starts = 0
}
