FROM golang:1.26 AS build
ARG WHO=somebody
WORKDIR /src
COPY . .
RUN make build WHO=$WHO
FROM alpine
COPY --from=build /src/bin/api /usr/bin/api
