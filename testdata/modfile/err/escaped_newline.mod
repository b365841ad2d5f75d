module "a\
b" // c
