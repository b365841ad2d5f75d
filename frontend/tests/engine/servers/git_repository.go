// A git server: `git_repository IP DIR` serves the repositories in a directory. It prints its address, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	ip, dir := os.Args[1], os.Args[2]
	programs, err := exec.Command("git", "--exec-path").Output()
	check(err)
	backend := cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(programs)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"},
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	check(err)
	fmt.Println(listener.Addr())
	go func() { check(http.Serve(listener, &backend)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
