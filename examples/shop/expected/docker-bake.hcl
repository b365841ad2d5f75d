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

function "tags" {
  params = [name]
  result = [for tag in split(",", TAG) : "${REGISTRY == "" ? "" : "${trimsuffix(REGISTRY, "/")}/"}${name}:${tag}"]
}

function "cache" {
  params = [entry, name]
  result = entry == "" ? [] : [replace(entry, "{name}", name)]
}

group "default" {
  targets = ["api", "orders", "web", "worker"]
}

target "_shared" {
  dockerfile = DOCKERFILE
  platforms = PLATFORMS == "" ? [] : split(",", PLATFORMS)
}

target "api" {
  inherits = ["_shared"]
  target = "api"
  tags = tags("api")
  cache-from = cache(CACHE_FROM, "api")
  cache-to = cache(CACHE_TO, "api")
}

target "orders" {
  inherits = ["_shared"]
  target = "orders"
  tags = tags("orders")
  cache-from = cache(CACHE_FROM, "orders")
  cache-to = cache(CACHE_TO, "orders")
}

target "web" {
  inherits = ["_shared"]
  target = "web"
  tags = tags("web")
  cache-from = cache(CACHE_FROM, "web")
  cache-to = cache(CACHE_TO, "web")
}

target "worker" {
  inherits = ["_shared"]
  target = "worker"
  tags = tags("worker")
  cache-from = cache(CACHE_FROM, "worker")
  cache-to = cache(CACHE_TO, "worker")
}

target "binaries" {
  inherits = ["_shared"]
  target = "binaries"
  output = ["type=local,dest=bin"]
  cache-from = cache(CACHE_FROM, "binaries")
  cache-to = cache(CACHE_TO, "binaries")
}
