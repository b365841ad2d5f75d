module m
require a.example/a v1.0.0
require a.example/a v1.1.0
exclude a.example/a v1.0.0
exclude a.example/a v1.0.0
replace a.example/a => ./first
replace a.example/b => ./b
replace a.example/a => ./second
replace a.example/a v1.0.0 => ./third
tool x
tool y
tool x
ignore x
ignore x
godebug a=1
godebug a=2
