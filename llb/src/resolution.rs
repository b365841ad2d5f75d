//! What `go` chose.
