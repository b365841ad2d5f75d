FROM golang:1.26 AS build
WORKDIR /src
COPY . .
ENV GOFLAGS=-buildvcs=true
RUN CGO_ENABLED=0 go build -o /out/api ./cmd/api && \
    CGO_ENABLED=0 go build -buildvcs=false -o /out/worker ./cmd/worker

FROM scratch
COPY --from=build /out/ /
