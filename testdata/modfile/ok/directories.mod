module m
replace a1 => .
replace a2 => ..
replace a3 => /abs
replace a4 => C:x
replace a5 => ../x/
replace a6 => ./x/../y
