FROM golang:1.26 AS base
WORKDIR /src
COPY go.mod ./
RUN go mod download

FROM base AS build
COPY . .
RUN CGO_ENABLED=0 go install ./cmd/api ./cmd/worker

FROM alpine AS api
COPY --from=build /go/bin/api /usr/bin/api
ENTRYPOINT ["api"]

FROM alpine AS worker
COPY --from=1 /go/bin/worker /usr/bin/worker
COPY --from=2 /etc/hostname /api-host
ENTRYPOINT ["worker"]
