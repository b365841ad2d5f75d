module m
go (
	1.22
)
toolchain ()
require a (
	b v1.0.0
)
use (
	./x
)
foo bar (
)
