// Package pad makes words equally wide.
package pad

import "github.com/mattn/go-runewidth"

// Right fills word with blanks up to width columns of a terminal.
func Right(word string, width int) string { return runewidth.FillRight(word, width) }
