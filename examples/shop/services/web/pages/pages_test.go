package pages

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/": "<li>tea</li>", "/static/shop.css": "sans-serif"} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
