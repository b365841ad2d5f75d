// Package routes is what the API answers.
package routes

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"example.com/shop/money"
)

// New returns all routes.
func New() http.Handler {
	r := chi.NewRouter()
	r.Get("/time", showTime)
	r.Get("/certs", showCerts)
	r.Get("/price/{currency}/{unit}/{pieces}", showPrice)
	return r
}

// showTime tells the time in a zone: now, or the second since 1970 that `at` says.
func showTime(w http.ResponseWriter, r *http.Request) {
	zone, err := time.LoadLocation(r.FormValue("zone"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now()
	if at := r.FormValue("at"); at != "" {
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			http.Error(w, "at: not a number", http.StatusBadRequest)
			return
		}
		now = time.Unix(seconds, 0)
	}
	fmt.Fprintln(w, now.In(zone).Format(time.RFC3339))
}

// showCerts tells how many root certificates the system has.
func showCerts(w http.ResponseWriter, _ *http.Request) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%d roots\n", len(pool.Subjects()))
}

func showPrice(w http.ResponseWriter, r *http.Request) {
	currency, err := money.ParseCurrency(chi.URLParam(r, "currency"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	unit, err := money.Parse(chi.URLParam(r, "unit"), currency)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	pieces, err := strconv.ParseInt(chi.URLParam(r, "pieces"), 10, 32)
	if err != nil {
		http.Error(w, "pieces: not a number", http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, unit.Times(pieces))
}
