module example.com/vendored/app

go 1.26.0

require example.com/vendored/roman v0.0.0

require github.com/dustin/go-humanize v1.1.0

replace example.com/vendored/roman => ../lib/roman
