package cloudinit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"rancheros-kit/init/internal/config"
)

// ranDirectory has a file for everything that has been run in this boot, by its digest: what comes again, because the
// console or the configuration came again, is not run twice.
const ranDirectory = "/run/ros/ran"

// RunOnce runs commands one after the other, once per boot. kind (runcmd, bootcmd) tells equal lists apart. A command that
// fails is told in the error and does not keep the next from running; output is where they write.
func RunOnce(ctx context.Context, root, kind string, commands []config.Command, output io.Writer) error {
	if len(commands) == 0 {
		return nil
	}
	text, err := json.Marshal(commands)
	if err != nil {
		return err
	}
	if first, err := claim(root, kind, text); err != nil || !first {
		return err
	}
	var problems []error
	for at, command := range commands {
		if len(command) == 0 {
			continue
		}
		if err := runCommand(ctx, command, output); err != nil {
			problems = append(problems, fmt.Errorf("%s[%d], %s: %w", kind, at, command[len(command)-1], err))
		}
	}
	return errors.Join(problems...)
}

// RunScript runs the script that user-data was, once per boot.
func RunScript(ctx context.Context, root string, output io.Writer) error {
	path := filepath.Join(root, config.ScriptFile)
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if first, err := claim(root, "script", content); err != nil || !first {
		return err
	}
	if err := runCommand(ctx, []string{path}, output); err != nil {
		return fmt.Errorf("%s: %w", config.ScriptFile, err)
	}
	return nil
}

func runCommand(ctx context.Context, command []string, output io.Writer) error {
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Stdout, program.Stderr = output, output
	// A child that goes on in the background may keep the output open.
	program.WaitDelay = time.Second
	err := program.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// claim reports whether something is to be run now: the first to ask for it in this boot is told so.
func claim(root, kind string, content []byte) (bool, error) {
	directory := filepath.Join(root, ranDirectory)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return false, err
	}
	digest := sha256.Sum256(content)
	file, err := os.OpenFile(filepath.Join(directory, kind+"-"+hex.EncodeToString(digest[:])), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if os.IsExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, file.Close()
}
