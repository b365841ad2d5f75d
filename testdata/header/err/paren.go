package x

import (
	"fmt"
