// Package ordersv1 is the interface of the orders service, made from orders.proto.
package ordersv1

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative orders.proto
