// Command hello says hello.
package main

import (
	"fmt"

	"example.com/replace/greet"
)

func main() { fmt.Println(greet.To("hello", "world")) }
