package bulk

import (
	"fmt"
	"strings"
)

// suggest lists what is known, and what was probably meant if something comes near: "phones, users; perhaps phones is meant".
func suggest(word string, known []string) string {
	text := strings.Join(known, ", ")
	if best := nearest(word, known); best != "" {
		text += fmt.Sprintf("; perhaps %s is meant", best)
	}
	return text
}

// nearest is the known word with the fewest changed letters, at most a third of its length; "" if none comes near.
func nearest(word string, known []string) string {
	if len(word) > 100 {
		return ""
	}
	best, distance := "", 1<<30
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d < distance && d <= max(1, len(k)/3) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the letters to insert, delete, replace or swap with their neighbour.
func editDistance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	var older []int
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, before, row = before, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(before[j]+1, row[j-1]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
