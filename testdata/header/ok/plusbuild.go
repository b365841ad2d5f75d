// +build linux darwin
// +build !cgo,amd64

// +build notthis
package old
