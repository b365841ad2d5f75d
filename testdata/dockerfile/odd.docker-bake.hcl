# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries.

variable "REF" {
  default = "main"
}

variable "VERSION" {}

group "default" {
  targets = ["app", "fancy", "gen", "vended"]
}

target "app" {
  target = "app"
  tags = ["app"]
  args = {
    REF = REF
    VERSION = VERSION
  }
}

target "fancy" {
  target = "fancy"
  tags = ["fancy"]
  args = {
    REF = REF
    VERSION = VERSION
  }
}

target "gen" {
  target = "gen"
  tags = ["gen"]
  args = {
    REF = REF
    VERSION = VERSION
  }
}

target "vended" {
  target = "vended"
  tags = ["vended"]
  args = {
    REF = REF
    VERSION = VERSION
  }
}

target "binaries" {
  target = "binaries"
  output = ["type=local,dest=bin"]
  args = {
    REF = REF
    VERSION = VERSION
  }
}
