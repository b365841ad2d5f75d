// A server of files over TLS, for who knows a password: `files_with_login IP DIRECTORY PASSWORD` prints its address, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	files := http.FileServer(http.Dir(os.Args[2]))
	handler := func(answer http.ResponseWriter, request *http.Request) {
		_, password, _ := request.BasicAuth()
		if password != os.Args[3] {
			http.Error(answer, "log in first", http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(answer, request)
	}
	listener := listen(os.Args[1])
	fmt.Println(listener.Addr())
	go func() { check(http.Serve(listener, http.HandlerFunc(handler))) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
