FROM golang:1.26-alpine AS build
RUN apk add --no-cache gcc musl-dev libsodium-dev
WORKDIR /src
COPY go.mod ./
RUN go mod download
COPY . .
RUN go build -o /api ./cmd/api
FROM alpine
RUN apk add --no-cache libsodium
COPY --from=build /api /usr/bin/api
