module m
go 2.0beta1
toolchain go1
