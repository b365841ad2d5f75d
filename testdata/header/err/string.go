package x

import "fmt
