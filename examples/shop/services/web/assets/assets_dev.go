//go:build dev

// Package assets is the shop's pages: in the binary, or with the tag dev on disk.
package assets

import "os"

// FS holds templates and static files.
var FS = os.DirFS("assets")
