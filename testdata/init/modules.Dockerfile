FROM golang:1.26 AS build
ENV GOPROXY=https://proxy.example.com GONOPROXY=example.com/a,example.com/b
ENV GOINSECURE=example.com/c GOVCS=example.com:git
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api ./cmd/api

FROM scratch
COPY --from=build /api /
