FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN apt-get update && apt-get install -y upx && CGO_ENABLED=0 go build -o /api ./cmd/api && upx /api
FROM scratch
COPY --from=build /api /api
