package control

// nearest is the word that was probably meant: the one that takes the fewest changes, at most a third of its letters; empty
// when none is so near.
func nearest(typed string, words []string) string {
	best, least := "", 1+max(1, len(typed)/3)
	for _, word := range words {
		if len(word) < 2 {
			continue
		}
		if changes := distance(typed, word); changes < least {
			best, least = word, changes
		}
	}
	return best
}

// distance is how many letters must be put in, taken out, changed, or swapped with their neighbour to make one word of
// another (optimal string alignment).
func distance(from, to string) int {
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range to {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			change := 1
			if from[i-1] == to[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
