// Command web shows the shop's pages.
package main

import (
	"flag"
	"fmt"
	"log"

	"example.com/shop/httpx"
	"example.com/shop/web/pages"
)

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

func main() {
	show := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *show {
		fmt.Println(version)
		return
	}
	handler, err := pages.New()
	if err == nil {
		err = httpx.Run("web", handler)
	}
	if err != nil {
		log.Fatal("web: ", err)
	}
}
