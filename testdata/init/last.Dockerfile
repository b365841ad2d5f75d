FROM golang:1.26-alpine
WORKDIR /app
COPY go.mod ./
RUN go mod download
COPY . .
# The server.
RUN apk add --no-cache curl && go build -o server ./cmd/api
EXPOSE 8080
CMD ["./server"]
