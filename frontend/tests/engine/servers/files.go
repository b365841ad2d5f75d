// A server of files: `files IP DIRECTORY` prints its address, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Args[1], "0"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() { log.Fatal(http.Serve(listener, http.FileServer(http.Dir(os.Args[2])))) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
