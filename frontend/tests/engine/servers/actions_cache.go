// GitHub's cache service, as far as BuildKit uses it: `actions_cache IP` prints its address, and ends with its standard input.
// The calls are those of github.actions.results.api.v1.CacheService; what is stored goes to block blobs, as Azure has them.
package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

type store struct {
	sync.Mutex
	address string
	// Keys of finished entries, in the order in which they were made.
	finished []string
	blobs    map[string][]byte
	blocks   map[string][]byte
}

func main() {
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Args[1], "0"))
	check(err)
	store := &store{address: listener.Addr().String(), blobs: map[string][]byte{}, blocks: map[string][]byte{}}
	http.HandleFunc("POST /twirp/github.actions.results.api.v1.CacheService/{call}", store.call)
	http.HandleFunc("PUT /blobs/{key}", store.put)
	http.HandleFunc("GET /blobs/{key}", store.get)
	fmt.Println(listener.Addr())
	go func() { check(http.Serve(listener, nil)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func (s *store) call(answer http.ResponseWriter, request *http.Request) {
	var body struct {
		Key         string   `json:"key"`
		RestoreKeys []string `json:"restore_keys"`
	}
	check(json.NewDecoder(request.Body).Decode(&body))
	s.Lock()
	defer s.Unlock()
	said := map[string]any{"ok": true}
	switch request.PathValue("call") {
	case "CreateCacheEntry":
		said["signed_upload_url"] = s.url(body.Key)
	case "FinalizeCacheEntryUpload":
		s.finished = append(s.finished, body.Key)
		said["entry_id"] = fmt.Sprint(len(s.finished))
	case "GetCacheEntryDownloadURL":
		key, found := s.match(append([]string{body.Key}, body.RestoreKeys...))
		said = map[string]any{"ok": found, "matched_key": key, "signed_download_url": s.url(key)}
	default:
		http.NotFound(answer, request)
		return
	}
	answer.Header().Set("Content-Type", "application/json")
	check(json.NewEncoder(answer).Encode(said))
}

// The newest entry that begins with one of the keys.
func (s *store) match(keys []string) (string, bool) {
	for _, key := range keys {
		for _, finished := range slices.Backward(s.finished) {
			if strings.HasPrefix(finished, key) {
				return finished, true
			}
		}
	}
	return "", false
}

func (s *store) url(key string) string {
	return "http://" + s.address + "/blobs/" + strings.ReplaceAll(key, "#", "%23")
}

func (s *store) put(answer http.ResponseWriter, request *http.Request) {
	content, err := io.ReadAll(request.Body)
	check(err)
	key, query := request.PathValue("key"), request.URL.Query()
	s.Lock()
	defer s.Unlock()
	switch query.Get("comp") {
	case "block":
		s.blocks[key+" "+query.Get("blockid")] = content
	case "blocklist":
		var list struct {
			Latest []string `xml:"Latest"`
		}
		check(xml.Unmarshal(content, &list))
		s.blobs[key] = nil
		for _, block := range list.Latest {
			s.blobs[key] = append(s.blobs[key], s.blocks[key+" "+block]...)
		}
	default:
		s.blobs[key] = content
	}
	answer.Header().Set("x-ms-request-id", "1")
	answer.WriteHeader(http.StatusCreated)
}

func (s *store) get(answer http.ResponseWriter, request *http.Request) {
	s.Lock()
	content, ok := s.blobs[request.PathValue("key")]
	s.Unlock()
	if !ok {
		http.NotFound(answer, request)
		return
	}
	// Azure has a header of its own for the range.
	if wanted := request.Header.Get("x-ms-range"); wanted != "" {
		request.Header.Set("Range", wanted)
	}
	http.ServeContent(answer, request, "", time.Time{}, bytes.NewReader(content))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
