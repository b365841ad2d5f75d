// A git server over SSH: `ssh IP DIR` serves the repositories in a directory to who has the key in key.pem. It prints its address, and ends with its standard input.
// In known_hosts it writes its own key, and in others_known another key for the same host.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func main() {
	ip, dir := os.Args[1], os.Args[2]
	host, _ := newKey()
	other, _ := newKey()
	client, key := newKey()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	check(err)
	check(os.WriteFile("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, shown ssh.PublicKey) (*ssh.Permissions, error) {
			if !bytes.Equal(shown.Marshal(), client.PublicKey().Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	check(err)
	for name, signer := range map[string]ssh.Signer{"known_hosts": host, "others_known": other} {
		line := knownhosts.Line([]string{listener.Addr().String()}, signer.PublicKey())
		check(os.WriteFile(name, []byte(line+"\n"), 0o644))
	}
	fmt.Println(listener.Addr())
	go func() {
		for {
			connection, err := listener.Accept()
			check(err)
			go serve(connection, config, dir)
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func newKey() (ssh.Signer, ed25519.PrivateKey) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	signer, err := ssh.NewSignerFromKey(key)
	check(err)
	return signer, key
}

// Clients that are refused, or go away, concern nobody else.
func serve(connection net.Conn, config *ssh.ServerConfig, dir string) {
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for opened := range channels {
		if opened.ChannelType() != "session" {
			_ = opened.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, requests, err := opened.Accept()
		if err == nil {
			go answer(channel, requests, dir)
		}
	}
}

func answer(channel ssh.Channel, requests <-chan *ssh.Request, dir string) {
	defer channel.Close()
	for request := range requests {
		if request.Type != "exec" {
			// Variables, such as GIT_PROTOCOL: git does without.
			_ = request.Reply(false, nil)
			continue
		}
		var command struct{ Line string }
		if ssh.Unmarshal(request.Payload, &command) != nil {
			return
		}
		_ = request.Reply(true, nil)
		status := upload(channel, command.Line, dir)
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		return
	}
}

// Runs `git-upload-pack '/PATH'`, and nothing else.
func upload(channel ssh.Channel, line, dir string) uint32 {
	path, ok := strings.CutPrefix(line, "git-upload-pack ")
	if !ok {
		fmt.Fprintln(channel.Stderr(), "only git-upload-pack is served")
		return 1
	}
	path = filepath.Join(dir, filepath.Clean("/"+strings.Trim(path, "'")))
	git := exec.Command("git", "upload-pack", path)
	git.Stdout, git.Stderr = channel, channel.Stderr()
	// Its own goroutine: git may end before the client has closed its side.
	input, err := git.StdinPipe()
	check(err)
	go func() {
		_, _ = io.Copy(input, channel)
		_ = input.Close()
	}()
	if git.Run() != nil {
		return 128
	}
	return 0
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
