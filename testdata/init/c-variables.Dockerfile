FROM golang:1.26 AS build
ARG CC=clang
ENV CGO_CFLAGS="-O2 -DSMALL"
WORKDIR /src
COPY . .
RUN GOFIPS140=latest CGO_LDFLAGS=-static go build -o /api ./cmd/api

FROM debian:bookworm-slim
COPY --from=build /api /usr/bin/api
