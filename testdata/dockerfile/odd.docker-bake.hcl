# Printed by `gowork bake`; run it again when images come or go.
# Every image: docker buildx bake. One: docker buildx bake NAME. Programs into ./bin: docker buildx bake binaries.
# The environment sets variables: REGISTRY=registry.example.com/shop TAG=1.2 docker buildx bake --push

# Goes before the names of images, such as registry.example.com/shop.
variable "REGISTRY" {
  default = ""
}

# Tags of all images, with commas between them.
variable "TAG" {
  default = "latest"
}

# Platforms, with commas between them. Empty: the builder's.
variable "PLATFORMS" {
  default = ""
}

# A cache to read, such as type=registry,ref=registry.example.com/shop/cache:{name}.
variable "CACHE_FROM" {
  default = ""
}

# A cache to write, with mode=max. {name} stands for the target: each needs a place of its own.
variable "CACHE_TO" {
  default = ""
}

# What is built: the Dockerfile that gowork prints, or gowork's configuration.
variable "DOCKERFILE" {
  default = "Dockerfile"
}

variable "REF" {
  default = "main"
}

variable "VERSION" {}

function "tags" {
  params = [name]
  result = [for tag in split(",", TAG) : "${REGISTRY == "" ? "" : "${trimsuffix(REGISTRY, "/")}/"}${name}:${tag}"]
}

function "cache" {
  params = [entry, name]
  result = entry == "" ? [] : [replace(entry, "{name}", name)]
}

group "default" {
  targets = ["app", "fancy", "gen", "vended"]
}

target "_shared" {
  dockerfile = DOCKERFILE
  platforms = PLATFORMS == "" ? [] : split(",", PLATFORMS)
  args = {
    REF = REF
    VERSION = VERSION
  }
}

target "app" {
  inherits = ["_shared"]
  target = "app"
  tags = tags("app")
  cache-from = cache(CACHE_FROM, "app")
  cache-to = cache(CACHE_TO, "app")
}

target "fancy" {
  inherits = ["_shared"]
  target = "fancy"
  tags = tags("fancy")
  cache-from = cache(CACHE_FROM, "fancy")
  cache-to = cache(CACHE_TO, "fancy")
}

target "gen" {
  inherits = ["_shared"]
  target = "gen"
  tags = tags("gen")
  cache-from = cache(CACHE_FROM, "gen")
  cache-to = cache(CACHE_TO, "gen")
}

target "vended" {
  inherits = ["_shared"]
  target = "vended"
  tags = tags("vended")
  cache-from = cache(CACHE_FROM, "vended")
  cache-to = cache(CACHE_TO, "vended")
}

target "binaries" {
  inherits = ["_shared"]
  target = "binaries"
  output = ["type=local,dest=bin"]
  cache-from = cache(CACHE_FROM, "binaries")
  cache-to = cache(CACHE_TO, "binaries")
}
