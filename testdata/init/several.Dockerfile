FROM golang:1.26 AS build
WORKDIR /src
COPY . .
ENV CGO_ENABLED=0
RUN mkdir -p /out && go build -o /out/ ./cmd/...
RUN cp /out/worker /out/background

FROM debian:bookworm-slim AS all
COPY --from=build /out /usr/local/bin/

FROM debian:bookworm-slim
COPY --chown=1000:1000 --from=build /out/api /out/worker /opt/bin/
COPY --from=build ["/out/my.tool", "/opt/my tool"]
