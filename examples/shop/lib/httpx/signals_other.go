//go:build !linux

package httpx

import "os"

var stopSignals = []os.Signal{os.Interrupt}
