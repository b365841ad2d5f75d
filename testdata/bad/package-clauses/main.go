package main

import "example.com/shop/jobs"

func main() { jobs.Next() }
