// Command bye says bye, quietly.
package main

import (
	"fmt"

	"example.com/replace/greet"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

func main() { fmt.Println(cases.Lower(language.English).String(greet.To("BYE", "world"))) }
