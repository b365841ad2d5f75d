FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api ./cmd/api
FROM alpine
COPY --from=build /api /usr/bin/api
ONBUILD COPY --from=build /api /other
ONBUILD RUN api --check
