module m
require (
	a.example/a master
	a.example/b 1.2.3
	a.example/c v2.0.0
	a.example/d/v2 v1.0.0
	a.example/e/v1 v1.0.0
	gopkg.in/x v1.0.0
	gopkg.in/x.v3 v2.0.0
	a.example/f v1.02.3
	a.example/g latest
	a.example/h `v1.0.0`
	a.example/i
	a.example/j v1.0.0 v1.0.1
	"a.example/k\q" v1.0.0
	'a.example/l' v1.0.0
)
exclude a.example/c v3.0.0
exclude a.example/c
