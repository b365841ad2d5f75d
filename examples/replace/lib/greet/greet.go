// Package greet says hello and bye.
package greet

import "example.com/replace/pad"

// To greets somebody, the name in a column of its own.
func To(greeting, name string) string { return pad.Right(greeting+",", 10) + " " + name }
