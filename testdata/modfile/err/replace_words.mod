module m
replace 'a' => ./b
replace a => `./b`
replace a => "./b
