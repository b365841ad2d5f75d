// Only for others.
