package c

/*
#cgo linux LDFLAGS: -lm
#cgo !windows,cgo pkg-config: zlib
#cgo noescape f
#include "inc/x.h"
#include <stdio.h>
*/
import "C"

import "unsafe"

var _ unsafe.Pointer
