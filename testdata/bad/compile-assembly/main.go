package main

func add(a, b int) int

func main() { println(add(1, 2)) }
