# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries.

group "default" {
  targets = ["bye", "hello"]
}

target "bye" {
  target = "bye"
  tags = ["bye"]
}

target "hello" {
  target = "hello"
  tags = ["hello"]
}

target "binaries" {
  target = "binaries"
  output = ["type=local,dest=bin"]
}
