// Command api is the shop's HTTP interface.
package main

import (
	"flag"
	"fmt"
	"log"

	"example.com/shop/api/routes"
	"example.com/shop/httpx"
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
	if err := httpx.Run("api", routes.New()); err != nil {
		log.Fatal("api: ", err)
	}
}
