FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -ldflags "-X main.commit=$(git rev-parse HEAD)" -o /api ./cmd/api

FROM scratch
COPY --from=build /api /
