FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api -ldflags "\
    -X main.short=$(git rev-parse --short HEAD) -X main.last=$(git rev-list -1 HEAD) \
    -X main.log=$(git log -1 --format='%h') -X main.built=$(date -u +%FT%TZ) \
    -X main.long=$(git describe --tags --long) -X main.tag=$(git describe --tags --abbrev=0) \
    -X main.count=$(git rev-list --count HEAD) -X main.by=$(git log -1 --format=%an)" ./cmd/api

FROM scratch
COPY --from=build /api /
