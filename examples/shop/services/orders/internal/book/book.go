// Package book keeps orders in memory and writes down what happens to them.
package book

import (
	"context"
	"io"
	"strconv"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/shop/events"
	"example.com/shop/money"
	ordersv1 "example.com/shop/proto/orders/v1"
)

// Book is the orders service.
type Book struct {
	ordersv1.UnimplementedOrdersServer

	mu     sync.Mutex
	log    io.Writer
	orders []*ordersv1.Order
}

// New returns an empty book that writes its events to log.
func New(log io.Writer) *Book { return &Book{log: log} }

// Place takes an order.
func (b *Book) Place(_ context.Context, r *ordersv1.PlaceRequest) (*ordersv1.Order, error) {
	currency, err := money.ParseCurrency(r.Currency)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	unit, err := money.Parse(r.UnitPrice, currency)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	order := &ordersv1.Order{
		Id: strconv.Itoa(len(b.orders) + 1), Item: r.Item, Pieces: r.Pieces, Total: unit.Times(r.Pieces).String(),
	}
	b.orders = append(b.orders, order)
	return order, events.Write(b.log, events.Event{Kind: "placed", Order: order.Id})
}

// Get returns an order.
func (b *Book) Get(_ context.Context, r *ordersv1.GetRequest) (*ordersv1.Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, order := range b.orders {
		if order.Id == r.Id {
			return order, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "no order %q", r.Id)
}
