FROM golang:1.26 AS deps
WORKDIR /src
COPY go.mod ./
RUN go mod download

FROM deps AS test
COPY . .
RUN go test ./...

FROM deps AS build
COPY . .
RUN go vet ./... && CGO_ENABLED=0 go build -o /api ./cmd/api

FROM alpine
COPY --from=build /api /usr/bin/api
