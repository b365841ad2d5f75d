package main

import (
	_ "embed"
	"fmt"
)

//go:embed dist/page.html
var page string

func main() { fmt.Println(page) }
