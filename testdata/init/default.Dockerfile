FROM golang:1.26 AS build
ARG VERSION
ARG CHANNEL
ARG COUNT
WORKDIR /src
COPY . .
RUN channel="${CHANNEL}"; \
    if [ -z "${channel}" ]; then channel=$(git branch --show-current); fi; \
    if [ -z "$COUNT" ]; then COUNT=$(git rev-list --count HEAD); fi; \
    CGO_ENABLED=0 go build -o /api -ldflags "-X main.channel=${channel} -X main.count=${COUNT} \
    -X main.version=${VERSION:-$(git describe --tags 2>/dev/null || echo dev)}" ./cmd/api

FROM scratch
COPY --from=build /api /
