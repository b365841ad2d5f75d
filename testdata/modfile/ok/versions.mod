module m
require (
	a.example/a v1
	a.example/b v1.2
	a.example/c v1.2.3+meta
	a.example/d v4.5.6+incompatible
	a.example/e v0.0.0-20161208181325-20d25e280405
	a.example/f/v10 v10.0.0-rc.1
	gopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405
	gopkg.in/zero.v0 v0.9.0
	gopkg.in/new.v2-unstable v2.0.0
	"a.example/g" "v1.0.0"
	a.example/h v1.0.0-alpha
	v2 v1.0.0
)
