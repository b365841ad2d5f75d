FROM golang:1.26 AS build
WORKDIR /src
COPY . .
ENV CGO_ENABLED=0
RUN go build -ldflags "-s -w" -o /api ./cmd/api
FROM build AS build-debug
RUN go build -gcflags "all=-N -l" -o /api ./cmd/api
FROM alpine AS debug
COPY --from=build-debug /api /usr/bin/api
FROM alpine
COPY --from=build /api /usr/bin/api
