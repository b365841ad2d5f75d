FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN sed -i s/60/30/ $(go env GOROOT)/src/net/http/server.go
RUN CGO_ENABLED=0 go build -o /api ./cmd/api

FROM scratch
COPY --from=build /api /
