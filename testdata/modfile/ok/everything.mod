// Deprecated: use example.com/new instead.
module example.com/old // really

go 1.25.0

toolchain go1.26.3

godebug default=go1.21
godebug (
	panicnil=1
	asynctimerchan=0 // later
)

require example.com/one v1.2.3

require (
	example.com/two/v2 v2.0.1
	gopkg.in/yaml.v3 v3.0.1 // indirect
)

exclude example.com/one v1.2.4
exclude (
	example.com/two/v2 v2.0.0
)

replace example.com/one => ../one
replace (
	example.com/two/v2 v2.0.1 => example.com/fork/v2 v2.0.2
	example.com/three => ./three
)

// Published by mistake.
retract (
	v0.1.0
	[v0.2.0, v0.3.0] // Broken.

	v0.4.0
)

tool example.com/one/cmd/gen
tool (
	example.com/two/v2/cmd/lint
)

ignore ./node_modules
ignore (
	static
)
