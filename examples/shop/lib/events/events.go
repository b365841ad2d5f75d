// Package events is what services tell each other: one JSON object a line.
package events

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// An Event has happened to an order.
type Event struct {
	Kind  string `json:"kind"`
	Order string `json:"order"`
	Host  string `json:"host,omitempty"`
}

// Write appends an event to a stream.
func Write(w io.Writer, e Event) error {
	if e.Host == "" {
		e.Host = Host()
	}
	return json.NewEncoder(w).Encode(e)
}

// Read reads a stream to its end.
func Read(r io.Reader) ([]Event, error) {
	var all []Event
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("events: line %d: %w", n, err)
		}
		all = append(all, e)
	}
	return all, lines.Err()
}

// Summary counts events by kind, in the order of the alphabet.
func Summary(all []Event) string {
	count := map[string]int{}
	for _, e := range all {
		count[e.Kind]++
	}
	var parts []string
	for kind, n := range count {
		parts = append(parts, fmt.Sprintf("%s=%d", kind, n))
	}
	sort.Strings(parts)
	return strings.Join(parts, " ")
}
