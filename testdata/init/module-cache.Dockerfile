FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN cd $(go env GOPATH)/pkg/mod/example.com/crypto@v1.0.0 && go generate
RUN CGO_ENABLED=1 go build -o /api ./cmd/api

FROM debian
COPY --from=build /api /
