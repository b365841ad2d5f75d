package main

import (
	"testing"

	"github.com/fatih/color"
)

func TestInitials(t *testing.T) {
	color.NoColor = true
	if got := initials([]string{"a", "test"}); got != "a test" {
		t.Error(got)
	}
	color.NoColor = false
	if got := initials([]string{"ab"}); got != "\x1b[1ma\x1b[22mb" {
		t.Errorf("%q", got)
	}
}
