foo
require (
) x /*
