ARG GO=1.20
FROM golang:${GO}-bullseye
RUN apt-get update && apt-get install -y libpcap-dev
WORKDIR /src
COPY . .
RUN go build -o /api ./cmd/api
CMD ["/api"]
