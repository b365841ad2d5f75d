FROM golang:1.26 AS build
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /api ./cmd/api
RUN chmod +x scripts/build.sh && chmod 0600 config/app.yaml
RUN mkdir -p /out/bin && cp scripts/build.sh /out/ && chmod 500 /out/build.sh && cp /api /out/bin/api

FROM alpine AS parts
COPY --from=build --chown=1:1 /src/scripts/build.sh /usr/bin/build
COPY --from=build /src/config /etc/shop

FROM alpine
COPY --from=build /out /opt
