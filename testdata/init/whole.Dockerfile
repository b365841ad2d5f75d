FROM golang:1.26 AS build
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o . ./cmd/...

FROM alpine AS all
WORKDIR /app
COPY --from=build /app .

FROM alpine
COPY --from=build /app/config /app/worker /etc/shop/
