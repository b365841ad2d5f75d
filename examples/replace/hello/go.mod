module example.com/replace/hello

go 1.26.0

require example.com/replace/greet v0.0.0

require (
	example.com/replace/pad v0.0.0 // indirect
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/rivo/uniseg v0.2.0 // indirect
)

replace example.com/replace/greet => ../lib/greet

replace example.com/replace/pad => ../lib/pad
