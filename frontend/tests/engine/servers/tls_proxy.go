// A server that speaks TLS and nothing else: `tls_proxy IP` prints its address, and ends with its standard input.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
)

func main() {
	listener := listen(os.Args[1])
	fmt.Println(listener.Addr())
	go func() {
		for {
			connection, err := listener.Accept()
			check(err)
			go func() {
				_ = connection.(*tls.Conn).Handshake()
				connection.Close()
			}()
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
