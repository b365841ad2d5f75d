FROM node:24-alpine AS ui
WORKDIR /ui
COPY ui .
RUN npm ci && npm run build

FROM golang:1.26 AS build
WORKDIR /src
COPY . .
COPY --from=ui /ui/dist ./web/dist
RUN CGO_ENABLED=0 go build -o /api ./cmd/api

FROM gcr.io/distroless/static:nonroot
COPY --from=build /api /
COPY --from=ui /ui/public /public
ENTRYPOINT ["/api"]
