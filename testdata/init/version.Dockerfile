FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o bin/api ./cmd/api && bin/api -version

FROM scratch
COPY --from=build /src/bin/api /
