module m
module n
go 1
go 1.22
go 1.23
toolchain 1.22
toolchain default
toolchain default
godebug a
godebug "a=b"
godebug a=b, c=d
