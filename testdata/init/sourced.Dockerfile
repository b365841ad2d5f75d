FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN TAGS=netgo ./scripts/release.sh worker

FROM scratch
COPY --from=build /src/dist/worker /
