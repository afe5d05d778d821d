package config

import (
	"errors"
	"strings"
)

// Words splits a text like a POSIX shell does (Shell Command Language, 2.2 Quoting): single quotes, double quotes and
// backslash, without expansions and comments.
func Words(text string) ([]string, error) {
	words := []string{}
	var word strings.Builder
	inWord := false
	for at := 0; at < len(text); at++ {
		switch character := text[at]; character {
		case ' ', '\t', '\n', '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		case '\'':
			end := strings.IndexByte(text[at+1:], '\'')
			if end < 0 {
				return nil, errors.New("a single quote is not closed")
			}
			word.WriteString(text[at+1 : at+1+end])
			at += end + 1
			inWord = true
		case '"':
			length, err := doubleQuoted(text[at+1:], &word)
			if err != nil {
				return nil, err
			}
			at += length
			inWord = true
		case '\\':
			if at+1 == len(text) {
				return nil, errors.New("a backslash has nothing after it")
			}
			at++
			word.WriteByte(text[at])
			inWord = true
		default:
			word.WriteByte(character)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// doubleQuoted writes what stands before the closing quote and gives the length with the quote.
func doubleQuoted(text string, word *strings.Builder) (int, error) {
	for at := 0; at < len(text); at++ {
		switch {
		case text[at] == '"':
			return at + 1, nil
		case text[at] == '\\' && at+1 < len(text) && strings.IndexByte("\\\"$`", text[at+1]) >= 0:
			at++
			word.WriteByte(text[at])
		default:
			word.WriteByte(text[at])
		}
	}
	return 0, errors.New("a double quote is not closed")
}
