package shop

import _ "embed"

var y int

//go:embed ÿÿÿÿ b
//go:embed  c
//go:embed â‚ d "ÿ" e
var x string

var z = "â‚" //go:embed f
