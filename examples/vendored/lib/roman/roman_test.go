package roman

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	got := map[int]string{}
	for _, n := range []int{0, 4, 9, 1944, 2026} {
		got[n] = Format(n)
	}
	want := map[int]string{0: "", 4: "IV", 9: "IX", 1944: "MCMXLIV", 2026: "MMXXVI"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
