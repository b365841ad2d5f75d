package main

import (
	"fmt"

	"example.com/shop/worker/jobz"
)

func main() { fmt.Println(jobz.Next()) }
