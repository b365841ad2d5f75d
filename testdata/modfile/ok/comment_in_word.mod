module example.com//m
go 1.22//x
require a.example/a v1.0.0//indirect
