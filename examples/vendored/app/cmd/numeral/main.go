// Command numeral writes a number in several ways.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/dustin/go-humanize"

	"example.com/vendored/roman"
)

func main() {
	n := 2026
	if len(os.Args) > 1 {
		var err error
		if n, err = strconv.Atoi(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "numeral: not a number:", os.Args[1])
			os.Exit(2)
		}
	}
	fmt.Printf("%s is %s, the %s\n", humanize.Comma(int64(n)), roman.Format(n), humanize.Ordinal(n))
}
