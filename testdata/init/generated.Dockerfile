FROM golang:1.26 AS build
RUN go install github.com/swaggo/swag/cmd/swag@v1.16.4
WORKDIR /src
COPY . .
RUN swag init --output docs && CGO_ENABLED=0 go build -o /api ./cmd/api
FROM alpine
COPY --from=build /api /usr/bin/api
COPY --from=build /src/docs /docs
