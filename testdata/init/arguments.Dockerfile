FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 ./scripts/go.sh -tags script -o /out/ ./cmd/api ./cmd/worker

FROM scratch
COPY --from=build /out/api /out/worker /
