module m
tool
tool a b
tool `a`
ignore
ignore a b
ignore "\ud800"
