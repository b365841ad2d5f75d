FROM alpine AS version
RUN date > /version.txt

FROM golang:1.26 AS build
ARG TARGETARCH
WORKDIR /src
COPY . .
COPY --from=version /version.txt ./config/version.txt
RUN case "$TARGETARCH" in amd64) export GOAMD64=v3 ;; esac; go build -o /api ./cmd/api
RUN while ! test -f /done; do touch /done; done

FROM scratch
COPY --from=build /api /
