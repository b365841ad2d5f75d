ARG GO_VERSION=1.26.3
ARG ALPINE=3.22
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-alpine${ALPINE} AS build
ARG TARGETOS TARGETARCH
ARG VERSION=dev
ARG COMMIT
ARG EXTRA_TAG
ENV LDFLAGS="-X main.version=${VERSION} -X 'main.commit=$COMMIT'"
WORKDIR /go/src/shop
COPY . ./
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOEXPERIMENT=jsonv2 GOAMD64=v3 \
    go build -tags "netgo,osusergo ${EXTRA_TAG}" -ldflags "$LDFLAGS -X main.built=$(date -u +%FT%TZ) -X main.git=$(git describe --tags --always)" -gcflags=all=-l -o api ./cmd/api

FROM alpine:${ALPINE}
COPY --from=build /go/src/shop/api /bin
CMD ["api"]
