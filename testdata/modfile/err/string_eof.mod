module m
	replace a => "./b\