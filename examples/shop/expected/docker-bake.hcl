# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries.

group "default" {
  targets = ["api", "orders", "web", "worker"]
}

target "api" {
  target = "api"
  tags = ["api"]
}

target "orders" {
  target = "orders"
  tags = ["orders"]
}

target "web" {
  target = "web"
  tags = ["web"]
}

target "worker" {
  target = "worker"
  tags = ["worker"]
}

target "binaries" {
  target = "binaries"
  output = ["type=local,dest=bin"]
}
