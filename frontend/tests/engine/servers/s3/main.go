// A bucket: `s3 IP` makes one called `cache` in memory, prints the address of the storage, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func main() {
	backend := s3mem.New()
	check(backend.CreateBucket("cache"))
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Args[1], "0"))
	check(err)
	fmt.Println(listener.Addr())
	go func() { check(http.Serve(listener, gofakes3.New(backend).Server())) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
