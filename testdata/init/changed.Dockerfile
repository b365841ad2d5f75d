FROM golang:1.26 AS build
WORKDIR /app
COPY . .
RUN CGO_ENABLED=0 go build -o /out/api ./cmd/api
RUN sed -i s/80/8080/ config/app.yaml

FROM alpine
COPY --from=build /out/api /usr/bin/
COPY --from=build /app/config /etc/shop
