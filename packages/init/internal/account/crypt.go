package account

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"os"
	"syscall"

	"rancheros-kit/init/internal/atomicfile"
)

const (
	saltLength    = 16
	cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	cryptRounds   = 5000
)

// Salt makes a random salt for SetPassword.
func Salt() string {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails, see its documentation
	for index := range salt {
		salt[index] = cryptAlphabet[int(salt[index])%len(cryptAlphabet)]
	}
	return string(salt)
}

// sha512Crypt is the hash `$6$` of crypt(5), with the default number of rounds (U. Drepper, Unix crypt using SHA-256 and
// SHA-512, version 0.6).
func sha512Crypt(password, salt string) string {
	key := []byte(password)
	if len(salt) > saltLength {
		salt = salt[:saltLength]
	}
	inner := sha512.Sum512([]byte(password + salt + password))
	first := []byte(password + salt)
	first = append(first, repeat(inner[:], len(key))...)
	for length := len(key); length > 0; length /= 2 {
		if length%2 == 1 {
			first = append(first, inner[:]...)
		} else {
			first = append(first, key...)
		}
	}
	digest := sha512.Sum512(first)
	keyDigest := sha512.Sum512(bytes.Repeat(key, len(key)))
	keyBytes := repeat(keyDigest[:], len(key))
	saltDigest := sha512.Sum512(bytes.Repeat([]byte(salt), 16+int(digest[0])))
	saltBytes := repeat(saltDigest[:], len(salt))
	for round := range cryptRounds {
		digest = sha512.Sum512(roundInput(round, digest[:], keyBytes, saltBytes))
	}
	return "$6$" + salt + "$" + cryptEncode(digest)
}

func roundInput(round int, digest, key, salt []byte) []byte {
	var input []byte
	if round%2 == 1 {
		input = append(input, key...)
	} else {
		input = append(input, digest...)
	}
	if round%3 != 0 {
		input = append(input, salt...)
	}
	if round%7 != 0 {
		input = append(input, key...)
	}
	if round%2 == 1 {
		return append(input, digest...)
	}
	return append(input, key...)
}

func repeat(block []byte, length int) []byte {
	return bytes.Repeat(block, length/len(block)+1)[:length]
}

// cryptEncode writes 24 bits at a time, lowest digit first; the bytes of each group are 21 apart and rotate.
func cryptEncode(digest [sha512.Size]byte) string {
	var text []byte
	put := func(high, middle, low byte, digits int) {
		value := int(high)*65536 + int(middle)*256 + int(low)
		for range digits {
			text = append(text, cryptAlphabet[value%64])
			value /= 64
		}
	}
	for group := range 21 {
		at := [3]int{group, group + 21, group + 42}
		turn := group % 3
		put(digest[at[turn]], digest[at[(turn+1)%3]], digest[at[(turn+2)%3]], 4)
	}
	put(0, 0, digest[63], 2)
	return string(text)
}

func ownerOf(info os.FileInfo) *atomicfile.Owner {
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return &atomicfile.Owner{UID: int(status.Uid), GID: int(status.Gid)}
}
