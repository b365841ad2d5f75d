FROM golang:1.26 AS build
ARG CGO_ENABLED=0
WORKDIR /src
COPY . .
RUN CGO_ENABLED=${CGO_ENABLED} go build -ldflags="-s -w" -o /out/server ./cmd/api
FROM debian:bookworm-slim
COPY --from=build /out/server /usr/bin/
