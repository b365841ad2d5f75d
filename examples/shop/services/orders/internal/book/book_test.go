package book

import (
	"bytes"
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"example.com/shop/events"
	ordersv1 "example.com/shop/proto/orders/v1"
)

func TestOverTheWire(t *testing.T) {
	var log bytes.Buffer
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	ordersv1.RegisterOrdersServer(server, New(&log))
	go server.Serve(listener)
	defer server.Stop()
	conn, err := grpc.NewClient("passthrough:///buf", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := ordersv1.NewOrdersClient(conn)

	placed, err := client.Place(t.Context(), &ordersv1.PlaceRequest{Item: "tea", Pieces: 3, UnitPrice: "4.50", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Get(t.Context(), &ordersv1.GetRequest{Id: placed.Id})
	if err != nil || got.Total != "13.50 EUR" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := client.Get(t.Context(), &ordersv1.GetRequest{Id: "9"}); status.Code(err) != codes.NotFound {
		t.Error(err)
	}
	all, err := events.Read(&log)
	if err != nil || events.Summary(all) != "placed=1" {
		t.Errorf("%v, %v", all, err)
	}
}
