package events

import (
	"os"
	"strings"
)

// Host names the kernel that an event came from.
func Host() string {
	release, err := os.ReadFile("/proc/sys/kernel/ostype")
	if err != nil {
		return "linux"
	}
	return strings.ToLower(strings.TrimSpace(string(release)))
}
