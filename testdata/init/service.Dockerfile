FROM golang:1.26 AS build
ARG SERVICE=api
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /app ./cmd/${SERVICE}
FROM alpine
COPY --from=build /app /usr/bin/app
