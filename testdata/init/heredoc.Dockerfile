# escape=\
FROM golang:1.26 AS build
WORKDIR /src
RUN --mount=type=bind,target=. <<EOF
set -eux
export CGO_ENABLED=0
for name in api worker; do
    go build -ldflags "-s -w" -o "/out/$name" "./cmd/$name"
done
EOF
FROM scratch
COPY --from=build --chmod=755 /out/api /out/worker /
COPY <<EOF /etc/motd
RUN go build
EOF
ENTRYPOINT []
