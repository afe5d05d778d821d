package installer

import (
	"cmp"
	"strconv"
	"strings"
)

// compare orders versions: numbers by value, words by letters, and what is before a release (v1.0.0-rc1) below it (Semantic Versioning 2.0.0, §11).
func compare(one, other string) int {
	first, second := parts(one), parts(other)
	for i := range min(len(first), len(second)) {
		if order := comparePart(first[i], second[i]); order != 0 {
			return order
		}
	}
	switch {
	case len(first) == len(second):
		return 0
	case len(first) > len(second):
		return longer(first[len(second)])
	}
	return -longer(second[len(first)])
}

// longer orders a version by the part that the other one does not have.
func longer(part string) int {
	if strings.HasPrefix(part, "-") {
		return -1
	}
	return 1
}

// parts splits v1.2.0-rc10 into 1, 2, 0, -, rc, 10.
func parts(version string) []string {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "+")
	var found []string
	for at := 0; at < len(version); {
		end := at
		digit := isDigit(version[at])
		for end < len(version) && isDigit(version[end]) == digit && version[end] != '.' && (end == at || version[end] != '-') {
			end++
		}
		if end == at {
			end++ // a dot
		} else {
			found = append(found, version[at:end])
		}
		at = end
	}
	return found
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

func comparePart(one, other string) int {
	first, firstErr := strconv.Atoi(one)
	second, secondErr := strconv.Atoi(other)
	switch {
	case firstErr == nil && secondErr == nil:
		return cmp.Compare(first, second)
	case firstErr == nil:
		return 1 // 1.0.1 is above 1.0-rc1
	case secondErr == nil:
		return -1
	}
	return strings.Compare(one, other)
}
