package main

import "example.com/far"

func main() { println(far.Far()) }
