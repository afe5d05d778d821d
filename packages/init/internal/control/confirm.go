package control

import (
	"bufio"
	"fmt"
	"strings"
)

// confirm asks a question that only yes answers; no answer is no.
func (s *session) confirm(question string) bool {
	fmt.Fprintf(s.stdout, "%s [y/N]: ", question)
	reader, isReader := s.stdin.(*bufio.Reader)
	if !isReader {
		reader = bufio.NewReader(s.stdin)
		// What was read ahead belongs to the next question.
		s.stdin = reader
	}
	answer, _ := reader.ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
