// A git server with a token over TLS: `private_git IP DIR TOKEN` serves the repositories in a directory. It prints its address, and ends with its standard input.
// A wrong token is repeated in the answer, as some servers do.
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	ip, dir, token := os.Args[1], os.Args[2], os.Args[3]
	programs, err := exec.Command("git", "--exec-path").Output()
	check(err)
	backend := cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(programs)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"},
	}
	listener := listen(ip)
	fmt.Println(listener.Addr())
	handler := func(answer http.ResponseWriter, request *http.Request) {
		login, password, _ := request.BasicAuth()
		if login != "x-access-token" || password != token {
			answer.Header().Set("WWW-Authenticate", "Basic")
			answer.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(answer, "%s may not read this: %s\n", password, request.Header.Get("Authorization"))
			return
		}
		backend.ServeHTTP(answer, request)
	}
	go func() { check(http.Serve(listener, http.HandlerFunc(handler))) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}
