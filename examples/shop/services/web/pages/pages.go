// Package pages shows the shop.
package pages

import (
	"html/template"
	"net/http"

	"example.com/shop/web/assets"
)

// New returns all pages.
func New() (http.Handler, error) {
	templates, err := template.ParseFS(assets.FS, "templates/*.html")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", http.FileServerFS(assets.FS))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		page := struct {
			Title string
			Items []string
		}{"Shop", []string{"tea", "coffee"}}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = templates.ExecuteTemplate(w, "home.html", page)
	})
	return mux, nil
}
