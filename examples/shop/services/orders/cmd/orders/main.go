// Command orders takes orders over gRPC.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"example.com/shop/orders/internal/book"
	ordersv1 "example.com/shop/proto/orders/v1"
)

// version is set by the linker: -X main.version=1.2.3.
var version = "dev"

func main() {
	show := flag.Bool("version", false, "print the version and exit")
	demo := flag.Bool("demo", false, "place one order, print it and exit")
	flag.Parse()
	switch {
	case *show:
		fmt.Println(version)
	case *demo:
		order, err := book.New(os.Stderr).Place(context.Background(), &ordersv1.PlaceRequest{
			Item: "tea", Pieces: 3, UnitPrice: "4.50", Currency: "EUR",
		})
		if err != nil {
			log.Fatal("orders: ", err)
		}
		fmt.Printf("order %s: %d x %s = %s\n", order.Id, order.Pieces, order.Item, order.Total)
	default:
		if err := serve(); err != nil {
			log.Fatal("orders: ", err)
		}
	}
}

func serve() error {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("", port))
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	ordersv1.RegisterOrdersServer(server, book.New(os.Stdout))
	healthv1.RegisterHealthServer(server, health.NewServer())
	log.Printf("orders: listening on %s", listener.Addr())
	return server.Serve(listener)
}
