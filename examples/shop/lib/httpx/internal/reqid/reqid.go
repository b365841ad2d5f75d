// Package reqid numbers requests.
package reqid

import (
	"net/http"
	"strconv"
	"sync/atomic"
)

// Header is the name of the header.
const Header = "X-Request-Id"

// Handler gives every request a number, unless the client brought one.
func Handler(next http.Handler) http.Handler {
	var last atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(Header)
		if id == "" {
			id = strconv.FormatInt(last.Add(1), 10)
		}
		w.Header().Set(Header, id)
		next.ServeHTTP(w, r)
	})
}
