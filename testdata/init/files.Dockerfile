FROM golang:1.26-alpine AS build
RUN apk add --no-cache ca-certificates tzdata && adduser -D -u 10001 app
WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -o bin/api ./cmd/api
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /etc/passwd /etc/passwd
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build --chown=app /src/config /etc/shop
COPY --from=build /src/bin/api /src/config/app.yaml /opt/
USER app
ENTRYPOINT ["/opt/api"]
