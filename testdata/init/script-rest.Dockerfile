FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN mkdir /out && ./scripts/build.sh /out/api && date > /out/built

FROM alpine
COPY --from=build /out /opt
