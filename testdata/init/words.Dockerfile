FROM golang:1.26 AS build
ARG race
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api $race ./cmd/api

FROM scratch
COPY --from=build /api /
