module example.com/replace/greet

go 1.26.0

require example.com/replace/pad v0.0.0

require (
	github.com/mattn/go-runewidth v0.0.16 // indirect
	github.com/rivo/uniseg v0.2.0 // indirect
)

replace example.com/replace/pad => ../pad
