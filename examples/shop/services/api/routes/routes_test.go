package routes

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	New().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestRoutes(t *testing.T) {
	for path, want := range map[string]string{
		"/time?zone=Europe/Berlin&at=0": "1970-01-01T01:00:00+01:00",
		"/time?at=0":                    "1970-01-01T00:00:00Z",
		"/price/eur/4.50/3":             "13.50 EUR",
	} {
		if code, got := get(t, path); code != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", path, code, got, want)
		}
	}
	for path, want := range map[string]int{"/time?zone=Nowhere": 400, "/price/xxx/1/1": 404, "/price/eur/x/1": 400, "/": 404} {
		if code, got := get(t, path); code != want {
			t.Errorf("%s: %d %q, want %d", path, code, got, want)
		}
	}
	if _, got := get(t, "/certs"); !strings.HasSuffix(got, " roots") {
		t.Error(got)
	}
}
