package store

import (
	"strings"
	"testing"

	"example.com/shop/events"
)

func TestRows(t *testing.T) {
	source := rows([]events.Event{{Kind: "placed", Order: "1", Host: "linux"}})
	if !source.Next() {
		t.Fatal("no row")
	}
	values, err := source.Values()
	if err != nil || len(values) != 3 || values[0] != "placed" {
		t.Errorf("%v, %v", values, err)
	}
}

func TestBadURL(t *testing.T) {
	if err := Save(t.Context(), "mysql://localhost", nil); err == nil || !strings.Contains(err.Error(), "cannot parse") {
		t.Error(err)
	}
}
