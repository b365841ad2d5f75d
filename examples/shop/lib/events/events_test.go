package events

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	var stream bytes.Buffer
	for _, kind := range []string{"placed", "paid", "placed"} {
		if err := Write(&stream, Event{Kind: kind, Order: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Read(&stream)
	if err != nil {
		t.Fatal(err)
	}
	if got := Summary(all); got != "paid=1 placed=2" {
		t.Error(got)
	}
	if all[0].Host != runtime.GOOS {
		t.Error(all[0].Host)
	}
}

func TestBadLine(t *testing.T) {
	if _, err := Read(strings.NewReader("{}\nx\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Error(err)
	}
}
