# syntax=docker/dockerfile:1

# 4 images of this repository: app, fancy, gen, vended.
#
#     docker buildx build --target app --tag app .
#     docker buildx build --target binaries --output bin .
#
# Printed by `gowork dockerfile`; run it again when imports change. The stage of a binary copies only what that is made of, so
# that no other edit rebuilds it, and leaves out tests and files for other platforms.

# The Go toolchain, on the platform of the builder: it compiles for any other.
FROM --platform=$BUILDPLATFORM golang:1.26 AS go
ARG TARGETOS TARGETARCH TARGETVARIANT
# goindex=0: go must not know sources by their times, which say nothing in a build (golang/go#69179).
ENV GOOS=$TARGETOS \
    GOARCH=$TARGETARCH \
    GOTOOLCHAIN=local \
    GOMODCACHE=/go/pkg/mod \
    GOCACHE=/go/cache \
    GODEBUG=goindex=0
# Which files are needed is known for these platforms.
RUN case $TARGETOS/$TARGETARCH in linux/amd64 | linux/arm64) ;; *) \
    echo "for $TARGETOS/$TARGETARCH print this Dockerfile with --platform=$TARGETOS/$TARGETARCH" >&2; exit 1 ;; esac
# The variant of a platform says which instructions there are.
RUN case $TARGETARCH/$TARGETVARIANT in \
    amd64/v1 | arm64/v8) ;; \
    amd64/v[2-4]) go env -w GOAMD64=$TARGETVARIANT ;; \
    arm64/v[89].*) go env -w GOARM64=$TARGETVARIANT ;; \
    arm64/v9) go env -w GOARM64=v9.0 ;; \
    */?*) echo "no variant that Go knows: $TARGETARCH/$TARGETVARIANT" >&2; exit 1 ;; esac
# `go build` splits ldflags into words and has no escapes. This puts one word with a build-arg into quotes.
COPY --chmod=755 <<'EOF' /usr/local/bin/quote-flag
#!/bin/sh
case $1 in
    '') ;;
    *\'*\"* | *\"*\'*) echo "no quotes fit around this flag, it holds both kinds: $1" >&2; exit 1 ;;
    *\'*) printf '"%s"' "$1" ;;
    *) printf "'%s'" "$1" ;;
esac
EOF

# The standard library, compiled into the cache mount, for app. All other stages start from here: side by side on
# an empty cache mount each would compile them for itself, three times as slow for seven images of one repository.
FROM go AS deps
WORKDIR /src/app
ENV GOFLAGS="-trimpath -buildvcs=false -mod=readonly" \
    GOWORK=off \
    CGO_ENABLED=0
COPY --parents \
    app/go.mod \
    lib/go.mod \
    /src/
RUN --network=none \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/cache \
    go build embed fmt io/fs runtime

FROM deps AS build-app
# Files that the binary embeds.
COPY --parents \
    ["app/cfg/testdata/default.txt", "app/cmd/app/*.txt", "app/web/a b/page.html", "app/web/routes", "/src/"]
COPY --parents \
    --exclude=**/*_test.go \
    --exclude=lib/name_fancy.go \
    app/cfg/*.go \
    app/cmd/app/*.go \
    app/web/*.go \
    lib/*.go \
    /src/
ARG VERSION
RUN --network=none \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/cache \
    flag1=$(quote-flag "main.version=${VERSION:?}") \
 && go build -ldflags="-s -w -X $flag1" -o /out/app ./cmd/app

# The standard library, compiled into the cache mount, for fancy. All other stages start from here: side by side on
# an empty cache mount each would compile them for itself, three times as slow for seven images of one repository.
FROM go AS deps-2
WORKDIR /src/app
ENV GOFLAGS="-trimpath -buildvcs=false -mod=readonly" \
    GOWORK=off \
    CGO_ENABLED=0
COPY --parents \
    app/go.mod \
    lib/go.mod \
    /src/
RUN --network=none \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/cache \
    go build -tags=fancy -gcflags="all=-N -l" embed fmt io/fs runtime

FROM deps-2 AS build-fancy
# Files that the binary embeds.
COPY --parents \
    ["app/cfg/testdata/default.txt", "app/cmd/app/*.txt", "app/web/a b/page.html", "app/web/routes", "/src/"]
COPY --parents \
    --exclude=**/*_test.go \
    --exclude=lib/name_plain.go \
    app/cfg/*.go \
    app/cmd/app/*.go \
    app/web/*.go \
    lib/*.go \
    /src/
ARG VERSION
RUN --network=none \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/cache \
    flag1=$(quote-flag "main.version=${VERSION:?}") \
 && go build -tags=fancy -gcflags="all=-N -l" -ldflags="-s -w -X $flag1" -o /out/app ./cmd/app

# The standard library, compiled into the cache mount, for gen. All other stages start from here: side by side on
# an empty cache mount each would compile them for itself, three times as slow for seven images of one repository.
FROM go AS deps-3
WORKDIR /src/tools/gen
ENV GOFLAGS="-trimpath -buildvcs=false -mod=readonly" \
    GOWORK=off \
    CGO_ENABLED=0
COPY --parents \
    tools/gen/go.mod \
    /src/
RUN --network=none \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/cache \
    go build os runtime

FROM deps-3 AS build-gen
COPY --parents \
    --exclude=**/*_test.go \
    tools/gen/cmd/gen/*.go \
    /src/
ARG VERSION
RUN --network=none \
    --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/go/cache \
    flag1=$(quote-flag "main.version=${VERSION:?}") \
 && go build -ldflags="-s -w -X $flag1" -o /out/gen ./cmd/gen

# Std and third-party packages, compiled into the cache mount, for vended. All other stages start from here: side by side on
# an empty cache mount each would compile them for itself, three times as slow for seven images of one repository.
FROM go AS deps-4
WORKDIR /src/vend
ENV GOFLAGS="-trimpath -buildvcs=false -mod=vendor" \
    GOWORK=off \
    CGO_ENABLED=0
COPY --parents \
    vend/go.mod \
    vend/vendor \
    /src/
RUN --network=none \
    --mount=type=cache,target=/go/cache \
    go build \
        runtime \
        example.org/dep

FROM deps-4 AS build-vended
COPY --parents \
    --exclude=**/*_test.go \
    vend/cmd/vended/*.go \
    /src/
ARG VERSION
RUN --network=none \
    --mount=type=cache,target=/go/cache \
    flag1=$(quote-flag "main.version=${VERSION:?}") \
 && go build -ldflags="-s -w -X $flag1" -o /out/vended ./cmd/vended

# What programs expect and the base image may not have: certificates.
FROM go AS rootfs
RUN install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ca-certificates.crt

# What programs expect and an image from scratch does not have by itself: certificates, users and /tmp.
FROM go AS rootfs-2
COPY <<EOF /rootfs/etc/passwd
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
EOF
COPY <<EOF /rootfs/etc/group
root:x:0:
nobody:x:65534:
nonroot:x:65532:
EOF
RUN mkdir -m 1777 /rootfs/tmp \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ca-certificates.crt

# What programs expect and an image from scratch does not have by itself: certificates, time zones, users and /tmp.
FROM go AS rootfs-3
COPY <<EOF /rootfs/etc/passwd
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
EOF
COPY <<EOF /rootfs/etc/group
root:x:0:
nobody:x:65534:
nonroot:x:65532:
EOF
RUN mkdir -m 1777 /rootfs/tmp \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ca-certificates.crt \
 && install -D -m 0644 "$(go env GOROOT)/lib/time/zoneinfo.zip" /rootfs/usr/share/zoneinfo.zip

FROM scratch AS app
COPY --from=rootfs-3 /rootfs /
COPY --chown=0:0 --chmod=0644 ["app/web/a b", "/etc/a b/"]
COPY --chown=1:2 lib/lib.go /lib.go
COPY --from=build-app /out/app /usr/local/bin/app
ARG REF=main
ARG VERSION
ENV MODE="a b" \
    ZONEINFO=/usr/share/zoneinfo.zip
LABEL org.opencontainers.image.version="${VERSION:?}" \
    ref="${REF}" \
    say="a \"quoted\" \$word"
WORKDIR /work dir
USER 65532:65532
EXPOSE 53/udp 8080/tcp
VOLUME ["/data"]
STOPSIGNAL SIGINT
HEALTHCHECK --interval=90s --timeout=1500ms --retries=2 CMD ["/usr/local/bin/app", "-health"]
ENTRYPOINT ["/usr/local/bin/app"]
CMD ["-v", "two words"]

FROM golang:1.26 AS fancy
COPY --from=rootfs /rootfs/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build-fancy /out/app /usr/local/bin/app
ARG REF=main
ARG VERSION
LABEL org.opencontainers.image.version="${VERSION:?}" \
    ref="${REF}" \
    say="a \"quoted\" \$word"
USER root
ENTRYPOINT ["/usr/local/bin/app"]

FROM scratch AS gen
COPY --from=rootfs-3 /rootfs /
COPY --from=build-gen /out/gen /usr/local/bin/gen
ARG REF=main
ARG VERSION
ENV ZONEINFO=/usr/share/zoneinfo.zip
LABEL org.opencontainers.image.version="${VERSION:?}" \
    ref="${REF}" \
    say="a \"quoted\" \$word"
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/gen"]

FROM scratch AS vended
COPY --from=rootfs-2 /rootfs /
COPY --from=build-vended /out/vended /usr/local/bin/vended
ARG REF=main
ARG VERSION
LABEL org.opencontainers.image.version="${VERSION:?}" \
    ref="${REF}" \
    say="a \"quoted\" \$word"
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/vended"]

# Every binary, for `--output`.
FROM scratch AS binaries
COPY --from=build-app /out/app /app
COPY --from=build-fancy /out/app /fancy
COPY --from=build-gen /out/gen /gen
COPY --from=build-vended /out/vended /vended
