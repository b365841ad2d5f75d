package main

import "example.com/shop/worker/jobs"

func main() { println(jobs.Next()) }
