FROM golang:1.26 AS build
WORKDIR /app
COPY . .
ENV CGO_ENABLED=0
RUN go build -o /out/api ./cmd/api && chmod +x scripts/build.sh
RUN mkdir -p /out/zones && cp -r /usr/share/zoneinfo /out/zones && date > /out/built
RUN go install github.com/go-delve/delve/cmd/dlv@v1.25.0 && go install ./cmd/worker

FROM alpine AS script
COPY --from=build /app/scripts/build.sh /usr/bin/

FROM alpine AS tools
COPY --from=build /go/bin /usr/local/bin

FROM alpine
COPY --from=build /out /opt
COPY --from=build /app/config /etc/shop
