#!/bin/sh
# Builds the programs of the frontend image. `cargo xtask image` and frontend/Dockerfile call this,
# so that both build them in the same way.
#
#   frontend/programs.sh DIRECTORY amd64|arm64 image|dev
#
# The last word is a profile of Cargo.toml. Another processor than this machine's needs Rust's
# standard library for it, and Debian's C compiler (gcc-aarch64-linux-gnu).
set -eu
mkdir -p "$1"
directory=$(cd "$1" && pwd) architecture=$2 profile=$3
cd "$(dirname "$0")/.."
repository=$(pwd -P)
build=$repository/.gowork
cargo=${CARGO:-cargo}

case $architecture in
  amd64) processor=x86_64 ;;
  arm64) processor=aarch64 ;;
  *) echo "error: no image is built for linux/$architecture" >&2; exit 1 ;;
esac
triple=$processor-unknown-linux-gnu
# Cargo's own message would be about the first crate that it compiles.
if ! [ -d "$(rustc --print=target-libdir --target "$triple")" ]; then
  echo "error: Rust has no standard library for $triple: run \`rustup target add $triple\`" >&2
  exit 1
fi

# Fills the directories that the flags name.
"$cargo" fetch --locked

# Flags for the compiler. A newline stands between them.
flags="-Ctarget-feature=+crt-static
-Crelocation-model=static"
# No trace of where the sources lie. Below Cargo's home is a directory for each registry, named
# after its address: a mirror's is another. The last match counts.
home=${CARGO_HOME:-$HOME/.cargo}
flags="$flags
--remap-path-prefix=$repository=/gowork
--remap-path-prefix=$home=/cargo"
for registry in "$home"/registry/src/*; do
  flags="$flags
--remap-path-prefix=$registry=/cargo"
done
# Where the sources of Rust's own library are installed, the compiler names its files by their place.
sysroot=$(rustc --print=sysroot)
commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')
flags="$flags
--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$commit"
mkdir -p "$build"
if [ "$profile" = image ]; then
  # Leaves unwind tables out, a ninth of the programs: what aborts on a panic unwinds nothing. The C
  # library's start files register theirs and so keep them.
  script=$build/no-unwind.ld
  cat > "$script" <<'EOT'
SECTIONS { /DISCARD/ : { *(EXCLUDE_FILE(*crtbeginT.o *crtend.o) .eh_frame) } } INSERT AFTER .rodata;
EOT
  flags="$flags
-Clink-arg=-Wl,-T,$script"
fi
if [ "$(uname -m)" != "$processor" ]; then
  compiler=$processor-linux-gnu-gcc
  flags="$flags
-Clinker=$compiler"
  # For the C code of dependencies.
  export "CC_${processor}_unknown_linux_gnu=$compiler"
fi
unset RUSTFLAGS
CARGO_ENCODED_RUSTFLAGS=$(printf %s "$flags" | tr '\n' '\037')
export CARGO_ENCODED_RUSTFLAGS
# The time that C code says it was compiled at: mimalloc has it in a message.
export SOURCE_DATE_EPOCH=0
# The commit is in the image's config, and may not be in a program: its bytes would change with it.
unset GOWORK_REVISION

# One after the other, so that the features which the frontend turns on in shared dependencies
# cannot change the bytes of gowork-cache: those are part of every compile step's key.
for program in gowork-frontend gowork-cache; do
  # Symbols would make an unoptimized image ten times as large, and every engine would have to take
  # them in.
  "$cargo" build --locked --target "$triple" --package "$program" --profile "$profile" \
    --config profile.dev.debug=false --config 'profile.dev.strip="symbols"' \
    --target-dir "$build/target-image"
done

# As old as the epoch: a copy of them is the same layer each time.
output=$profile
if [ "$profile" = dev ]; then output=debug; fi
for program in gowork-frontend gowork-cache; do
  install -m 755 "$build/target-image/$triple/$output/$program" "$directory/$program"
  touch -d @0 "$directory/$program"
done
touch -d @0 "$directory"
