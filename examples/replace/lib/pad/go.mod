module example.com/replace/pad

go 1.26.0

require github.com/mattn/go-runewidth v0.0.16

require github.com/rivo/uniseg v0.2.0 // indirect
