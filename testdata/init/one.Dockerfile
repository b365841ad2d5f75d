# syntax=docker/dockerfile:1

# Compiles.
FROM golang:1.26 AS builder
WORKDIR /src
# Modules first.
COPY go.mod go.sum* ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w" \
    # A comment between lines.
    -o /out/server ./cmd/api

# Runs.
FROM alpine:3.22
RUN apk add --no-cache tini   # as it is
COPY --from=builder /out/server /usr/bin/
USER 1000
ENTRYPOINT ["tini", "--", "server"]
