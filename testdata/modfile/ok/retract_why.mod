module m

// The block's reason.
// In two lines.
retract (
	v1.0.0
	v1.1.0 // Its own.
	// Above.
	v1.2.0 // And behind.

	v1.3.0
)

retract v1.4.0

// Alone.

retract v1.5.0
//Tight.
retract v1.6.0
