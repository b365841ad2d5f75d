// Package doc.

//go:build (linux || darwin) && !cgo
// +build ignored

/* block */

package shop; import "fmt"

import (
	_ "embed"
	str "strings"; . `os`
)

//go:embed a.txt "b c.txt" `d`
//go:embed all:dir
var x string

const no = `
//go:embed not-this
`
/*
//go:embed nor-this
*/
