// Some words.
// Deprecated: not at a paragraph's start.
module m // deprecated: nor in lower case
