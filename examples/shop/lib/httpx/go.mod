module example.com/shop/httpx

go 1.26.0
