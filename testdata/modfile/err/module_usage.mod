module
module m
