FROM golang:1.21-alpine3.18@sha256:0000000000000000000000000000000000000000000000000000000000000000 AS build
RUN apk add --no-cache gcc musl-dev
WORKDIR /src
COPY . .
RUN go build -o /api ./cmd/api

FROM alpine
COPY --from=build /api /usr/bin/api
