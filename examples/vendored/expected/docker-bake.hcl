# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries.

group "default" {
  targets = ["numeral"]
}

target "numeral" {
  target = "numeral"
  tags = ["numeral"]
}

target "binaries" {
  target = "binaries"
  output = ["type=local,dest=bin"]
}
