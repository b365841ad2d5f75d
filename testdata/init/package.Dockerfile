FROM golang:1.26 AS sources
WORKDIR /src
COPY . .
ARG PACKAGE=./cmd/api

FROM sources AS release
RUN CGO_ENABLED=0 go build -ldflags "-s -w" -o /app ${PACKAGE}

FROM sources AS symbols
RUN CGO_ENABLED=0 go build -gcflags "all=-N -l" -o /app ${PACKAGE}

FROM alpine AS debug
COPY --from=symbols /app /usr/bin/app
ENTRYPOINT ["app"]

FROM alpine
COPY --from=release /app /usr/bin/app
ENTRYPOINT ["app"]
