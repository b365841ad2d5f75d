module m
requires a.example/a v1.0.0
use ./x
foo
"require" a.example/a v1.0.0
) x
<<<<<<< HEAD
