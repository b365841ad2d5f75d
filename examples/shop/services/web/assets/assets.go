//go:build !dev

// Package assets is the shop's pages: in the binary, or with the tag dev on disk.
package assets

import "embed"

// FS holds templates and static files.
//
//go:embed templates/*.html static
var FS embed.FS
