FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api -ldflags "\
    -X main.branch=$(git branch --show-current) -X main.ref=$(git rev-parse --abbrev-ref HEAD) \
    -X main.by=$(whoami) -X main.where=$(uname -n) \
    -X main.version=$(git describe --tags --exact-match 2>/dev/null || git rev-parse --short HEAD) \
    -X main.short=$(git rev-parse --short HEAD 2>/dev/null || echo none)" ./cmd/api

FROM scratch
COPY --from=build /api /
