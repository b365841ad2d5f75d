package main

import "example.com/shop/lib"

func main() { lib.Run() }
