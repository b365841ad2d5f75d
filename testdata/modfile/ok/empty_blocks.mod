module m
require ()
replace ( // a
)
exclude ( ) // b
tool (

// c

)