module m
replace
replace a => b c d
replace a v1 b => c
replace 'a' => ./b
replace a => `./b`
replace a/v1 => ./b
replace a v2.0.0 => ./b
replace a => b
replace a => b@v1.0.0
replace a => ./b v1.0.0
replace a => ..\b
replace a v1.0.0 => b master
