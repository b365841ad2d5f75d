// Prints what Go's standard library says of Go versions and characters, for tables.rs.
package main

import (
	"bufio"
	"fmt"
	"go/version"
	"os"
	"unicode"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	versions := os.Args[1:]
	for _, v := range versions {
		fmt.Fprintf(out, "%s %v %s", v, version.IsValid("go"+v), version.Lang("go"+v))
		for _, w := range versions {
			fmt.Fprintf(out, " %d", version.Compare("go"+v, "go"+w))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, unicode.Version)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.IsPrint(r) {
			fmt.Fprintln(out, r)
		}
	}
}
