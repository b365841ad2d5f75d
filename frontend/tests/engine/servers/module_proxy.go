// A module proxy with a password: `module_proxy IP MODULE LOGIN PASSWORD` serves version v1.0.0 of one module, a package of one constant.
// It prints its address, and ends with its standard input. A wrong password is repeated in the answer, as some servers do.
// In agent.pem it writes a key for an SSH agent.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	ip, module, login, password := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	modFile := "module " + module + "\n\ngo 1.24\n"
	prefix := module + "@v1.0.0/"
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for name, text := range map[string]string{"go.mod": modFile, "name.go": "package name\n\nconst Name = \"private\"\n"} {
		file, err := writer.Create(prefix + name)
		check(err)
		_, err = io.WriteString(file, text)
		check(err)
	}
	check(writer.Close())
	files := map[string][]byte{
		"/" + module + "/@v/list":        []byte("v1.0.0\n"),
		"/" + module + "/@v/v1.0.0.info": []byte(`{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}`),
		"/" + module + "/@v/v1.0.0.mod":  []byte(modFile),
		"/" + module + "/@v/v1.0.0.zip":  archive.Bytes(),
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	check(os.WriteFile("agent.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	listener := listen(ip)
	fmt.Println(listener.Addr())
	go func() { check(http.Serve(listener, handler(files, login, password))) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func handler(files map[string][]byte, login, password string) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		givenLogin, givenPassword, _ := request.BasicAuth()
		if givenLogin != login || givenPassword != password {
			answer.Header().Set("WWW-Authenticate", "Basic")
			answer.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(answer, "%s with %s, that is %s, may not read this\n", givenLogin, givenPassword, request.Header.Get("Authorization"))
			return
		}
		file, ok := files[request.URL.Path]
		if !ok {
			http.NotFound(answer, request)
			return
		}
		_, _ = answer.Write(file)
	}
}
