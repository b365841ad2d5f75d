// What this is.
//
// Deprecated:   use the other one,
// it is better.
//
// Deprecated: not this.
module m
