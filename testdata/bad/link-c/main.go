package main

// int nosuch(void);
import "C"

func main() { println(C.nosuch()) }
