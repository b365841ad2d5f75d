// Command worker stores the events of its standard input in Postgres, or, without DATABASE_URL, counts them.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"example.com/shop/events"
	"example.com/shop/worker/store"
)

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

const sample = `{"kind":"placed","order":"1"}
{"kind":"paid","order":"1"}
{"kind":"placed","order":"2"}
`

func main() {
	show := flag.Bool("version", false, "print the version and exit")
	demo := flag.Bool("demo", false, "take sample events in place of standard input")
	flag.Parse()
	if *show {
		fmt.Println(version)
		return
	}
	var input io.Reader = os.Stdin
	if *demo {
		input = strings.NewReader(sample)
	}
	if err := run(context.Background(), input, os.Getenv("DATABASE_URL")); err != nil {
		log.Fatal("worker: ", err)
	}
}

func run(ctx context.Context, input io.Reader, url string) error {
	all, err := events.Read(input)
	if err != nil {
		return err
	}
	if url != "" {
		if err := store.Save(ctx, url, all); err != nil {
			return err
		}
	}
	fmt.Println(events.Summary(all))
	return nil
}
