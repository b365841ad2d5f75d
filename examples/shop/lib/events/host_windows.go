package events

// Host names the kernel that an event came from.
func Host() string { return "windows" }
