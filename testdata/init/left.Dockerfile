FROM golang:1.26 AS build
ARG CGO_ENABLED=0
ARG PACKAGE=./cmd/api
WORKDIR /src
COPY . .
RUN go test ./...
RUN go build -race -buildmode=pie -ldflags "-X main.host=$(hostname) -X main.home=${UNKNOWN}" -o /api ${PACKAGE}
FROM alpine
COPY --from=build /api /usr/bin/api
