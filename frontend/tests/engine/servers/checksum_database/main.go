// A module proxy and its checksum database: `checksum_database IP PREFIX` serves the modules
// PREFIX/b v1.0.0 and v1.1.0 and PREFIX/c v1.0.0, which requires b v1.1.0 and does not import it.
// It prints its address, and ends with its standard input. In `key` it writes the database's key, in
// `other-key` one of the same name that signs nothing, and in `asked` a line for each module that
// the database was asked for.
//
//	/proxy     the modules
//	/sumdb     their checksums
//	/tampered  checksums of other bytes, signed with the same key
package main

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
)

const database = "sums.example.test"

type module struct{ path, version, requires string }

func main() {
	ip, prefix := os.Args[1], os.Args[2]
	modules := []module{
		{prefix + "/b", "v1.0.0", ""},
		{prefix + "/b", "v1.1.0", ""},
		{prefix + "/c", "v1.0.0", "\nrequire " + prefix + "/b v1.1.0\n"},
	}
	files := map[string][]byte{}
	for _, it := range modules {
		below := "/" + it.path + "/@v/"
		files[below+"list"] = append(files[below+"list"], it.version+"\n"...)
		files[below+it.version+".info"] = []byte(`{"Version":"` + it.version + `"}`)
		files[below+it.version+".mod"] = it.modFile()
		files[below+it.version+".zip"] = it.archive()
	}
	mux := http.NewServeMux()
	mux.Handle("/proxy/", http.StripPrefix("/proxy", proxy(files)))
	signer, verifier, err := note.GenerateKey(rand.Reader, database)
	check(err)
	_, other, err := note.GenerateKey(rand.Reader, database)
	check(err)
	check(os.WriteFile("key", []byte(verifier), 0o600))
	check(os.WriteFile("other-key", []byte(other), 0o600))
	check(os.WriteFile("asked", nil, 0o600))
	for _, where := range []string{"/sumdb", "/tampered"} {
		sums := func(path, version string) ([]byte, error) {
			record("asked", path+" "+version)
			return sumsOf(modules, path, version, where == "/tampered")
		}
		server := sumdb.NewServer(sumdb.NewTestServer(signer, sums))
		for _, path := range sumdb.ServerPaths {
			mux.Handle(where+path, http.StripPrefix(where, server))
		}
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	check(err)
	fmt.Println(listener.Addr())
	go func() { check(http.Serve(listener, mux)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func (it module) modFile() []byte {
	return []byte("module " + it.path + "\n\ngo 1.24\n" + it.requires)
}

func (it module) source() string {
	return "package lib\n\nconst Name = \"" + it.version + " of a proxy\"\n"
}

func (it module) archive() []byte {
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for _, name := range []string{"go.mod", "lib.go"} {
		file, err := writer.Create(it.path + "@" + it.version + "/" + name)
		check(err)
		_, err = file.Write(it.file(name))
		check(err)
	}
	check(writer.Close())
	return archive.Bytes()
}

func (it module) file(name string) []byte {
	if name == "go.mod" {
		return it.modFile()
	}
	return []byte(it.source())
}

// The lines of go.sum for a module, as a database records them.
func sumsOf(modules []module, path, version string, tampered bool) ([]byte, error) {
	for _, it := range modules {
		if it.path != path || it.version != version {
			continue
		}
		open := func(name string) (io.ReadCloser, error) {
			name = strings.TrimPrefix(name, path+"@"+version+"/")
			text := string(it.file(name))
			if tampered && name == "lib.go" {
				text += "// Something else.\n"
			}
			return io.NopCloser(strings.NewReader(text)), nil
		}
		in := path + "@" + version + "/"
		whole, err := dirhash.Hash1([]string{in + "go.mod", in + "lib.go"}, open)
		check(err)
		modFile, err := dirhash.Hash1([]string{"go.mod"}, open)
		check(err)
		return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", path, version, whole, path, version, modFile), nil
	}
	return nil, os.ErrNotExist
}

func proxy(files map[string][]byte) http.HandlerFunc {
	return func(answer http.ResponseWriter, request *http.Request) {
		file, ok := files[request.URL.Path]
		if !ok {
			http.NotFound(answer, request)
			return
		}
		_, _ = answer.Write(file)
	}
}

func record(name, line string) {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	check(err)
	_, err = fmt.Fprintln(file, line)
	check(err)
	check(file.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
