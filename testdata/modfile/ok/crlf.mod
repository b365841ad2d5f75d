module m

go 1.22
// why
retract (
	v1.0.0 // because
)
require a.example/a v1.0.0 // indirect
