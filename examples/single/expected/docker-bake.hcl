# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries.

variable "VERSION" {
  default = "dev"
}

group "default" {
  targets = ["single"]
}

target "single" {
  target = "single"
  tags = ["single"]
  args = {
    VERSION = VERSION
  }
}

target "binaries" {
  target = "binaries"
  output = ["type=local,dest=bin"]
  args = {
    VERSION = VERSION
  }
}
