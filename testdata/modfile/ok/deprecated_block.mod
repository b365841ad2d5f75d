// Deprecated: said of the block.
module (
	m
)
