// Package roman writes numbers as the Romans did.
package roman

import "strings"

var numerals = []struct {
	value int
	text  string
}{
	{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
	{50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
}

// Format writes n; numbers below 1 give an empty text.
func Format(n int) string {
	var out strings.Builder
	for _, numeral := range numerals {
		for ; n >= numeral.value; n -= numeral.value {
			out.WriteString(numeral.text)
		}
	}
	return out.String()
}
