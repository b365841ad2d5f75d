package httpx

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealth(t *testing.T) {
	handler := Handler(http.NotFoundHandler())
	for i, want := range []string{"1", "2"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		if w.Code != 200 || w.Body.String() != "ok\n" {
			t.Fatalf("%d: %d %q", i, w.Code, w.Body)
		}
		if id := w.Header().Get("X-Request-Id"); id != want {
			t.Errorf("id %q, want %q", id, want)
		}
	}
}

func TestAddr(t *testing.T) {
	t.Setenv("PORT", "9090")
	if Addr() != ":9090" {
		t.Error(Addr())
	}
}
