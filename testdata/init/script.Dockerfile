FROM golang:1.26-alpine AS build
COPY . /src
RUN cd /src && sh scripts/build.sh /out/api
FROM alpine
COPY --from=build /out/api /usr/bin/api
