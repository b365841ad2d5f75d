module a=>b;c
require require v1.0.0
require ü/日本 v1.0.0
ignore =>
tool @x#y$z
