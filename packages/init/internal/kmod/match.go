package kmod

// Match says whether an alias fits a pattern of modules.alias, as fnmatch(3) without flags does: * any run, ? any
// character, [a-f] and [!a-f] a set, \ the next character itself.
func Match(pattern, alias string) bool {
	p, a := 0, 0
	star, resume := -1, 0
	for a < len(alias) {
		if p < len(pattern) && pattern[p] == '*' {
			star, resume = p, a
			p++
			continue
		}
		if p < len(pattern) {
			if next, ok := matchOne(pattern, p, alias[a]); ok {
				p, a = next, a+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		p, a = star+1, resume
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches one character against the element of the pattern at p and returns where the next element starts.
func matchOne(pattern string, p int, c byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '\\':
		if p+1 < len(pattern) {
			return p + 2, pattern[p+1] == c
		}
	case '[':
		if next, in, closed := matchSet(pattern, p, c); closed {
			return next, in
		}
	}
	return p + 1, pattern[p] == c
}

// matchSet reads the set that starts at p. A set without its closing bracket is an ordinary character.
func matchSet(pattern string, p int, c byte) (next int, in, closed bool) {
	i := p + 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := i; i < len(pattern); i++ {
		if pattern[i] == ']' && i > first {
			return i + 1, in != negated, true
		}
		low, high := pattern[i], pattern[i]
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			high = pattern[i+2]
			i += 2
		}
		in = in || low <= c && c <= high
	}
	return 0, false, false
}

// normal writes a name as the kernel does, with _ for -, except inside sets.
func normal(name string) string {
	var out []byte
	set := false
	for i := 0; i < len(name); i++ {
		switch {
		case name[i] == '[':
			set = true
		case name[i] == ']':
			set = false
		case name[i] == '-' && !set:
			if out == nil {
				out = []byte(name)
			}
			out[i] = '_'
		}
	}
	if out == nil {
		return name
	}
	return string(out)
}
