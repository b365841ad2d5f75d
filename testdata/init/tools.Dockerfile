FROM golang:1.26 AS build
RUN go install github.com/go-delve/delve/cmd/dlv@v1.25.0
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api ./cmd/api
FROM alpine
COPY --from=build /go/bin/dlv /usr/bin/
COPY --from=build /api /usr/bin/api
