package main

import (
	"fmt"

	"example.com/never/far"
)

func main() { fmt.Println(far.Away) }
