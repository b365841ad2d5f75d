package x

import "a b"
