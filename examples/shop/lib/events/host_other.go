//go:build !linux && !windows

package events

import "runtime"

// Host names the kernel that an event came from.
func Host() string { return runtime.GOOS }
