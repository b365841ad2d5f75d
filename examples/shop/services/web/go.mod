module example.com/shop/web

go 1.26.0

require example.com/shop/httpx v0.0.0

replace example.com/shop/httpx => ../../lib/httpx
