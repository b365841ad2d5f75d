package main

import _ "embed"

//go:embed page.html
var page string

func main() { println(page) }
