module example.com/shop/api

go 1.26.0

require (
	example.com/shop/httpx v0.0.0
	example.com/shop/money v0.0.0
	github.com/go-chi/chi/v5 v5.5.0
)

replace example.com/shop/httpx => ../../lib/httpx

replace example.com/shop/money => ../../lib/money
