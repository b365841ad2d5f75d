module m
tool `a
`
