// Command single colours its arguments' initials, if the terminal has colours.
package main

import (
	"flag"
	"fmt"
	"strings"

	"github.com/fatih/color"
)

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

func main() {
	show := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *show {
		fmt.Println(version)
		return
	}
	words := flag.Args()
	if len(words) == 0 {
		words = []string{"one", "module", "one", "image"}
	}
	fmt.Println(initials(words))
}

func initials(words []string) string {
	bold := color.New(color.Bold).SprintFunc()
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = bold(word[:1]) + word[1:]
	}
	return strings.Join(out, " ")
}
