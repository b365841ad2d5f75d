//! Named contexts: modules outside of the repository, as a build sees them.

use expect_test::{Expect, expect};

use crate::support::{Repository, run};

/// A repository with a member and a replacement outside of it, which lie beside it.
fn beside() -> Repository {
    Repository::new(
        "
-- shop/go.work --
go 1.26

use (
	./api
	../lib
)
-- shop/gowork.toml --
# The defaults.
-- shop/.dockerignore --
.gowork-contexts
-- shop/api/go.mod --
module example.com/api

go 1.26

require example.com/fork v1.2.0

replace example.com/fork => ../../fork
-- shop/api/main.go --
package main

import (
	\"example.com/fork\"
	\"example.com/lib\"
)

func main() { lib.Run(fork.Name) }
-- lib/go.mod --
module example.com/lib

go 1.26
-- lib/.dockerignore --
big
-- lib/lib.go --
package lib

import _ \"embed\"

//go:embed words.txt
var words string

func Run(string) { println(words) }
-- lib/lib_windows.go --
package lib
-- lib/lib_test.go --
package lib
-- lib/words.txt --
words
-- lib/big/big.go --
package big
-- lib/.git/config --
[core]
-- fork/go.mod --
module example.com/fork

go 1.26
-- fork/fork.go --
package fork

const Name = \"fork\"
",
    )
}

const BOTH: &str = "--build-context lib=../lib --build-context fork=../fork";

fn shown(repository: &Repository, args: &str, expected: &Expect) {
    let said = run(&repository.path().join("shop"), args);
    expected.assert_eq(&said.to_string());
}

#[test]
fn without_them_the_error_names_the_option() {
    shown(
        &beside(),
        "list",
        &expect![[r#"
        --- stderr
        error: directory ../lib lies outside the build context
         --> go.work:5:2
          |
        5 |     ../lib
          |     ^^^^^^
          |
          = help: give it to the build as a context: docker buildx build --build-context lib=../lib

        error: directory ../../fork lies outside the build context
         --> api/go.mod:7:1
          |
        7 | replace example.com/fork => ../../fork
          | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: give it to the build as a context: docker buildx build --build-context fork=../fork

        2 errors
        exit 1
    "#]],
    );
}

#[test]
fn with_them_the_image_is_known() {
    let repository = beside();
    shown(
        &repository,
        &format!("list {BOTH}"),
        &expect![[r#"
        --- stdout
        IMAGE  MAIN   MODULE           BINARY  MADE OF                  WHY
        api    ./api  example.com/api  api     3 packages of 3 modules  package main
        exit 0
    "#]],
    );
    shown(
        &repository,
        &format!("check {BOTH}"),
        &expect![[r#"
        --- stderr
        1 image on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]],
    );
    shown(
        &repository,
        &format!("explain api ../lib/words.txt {BOTH}"),
        &expect![[r#"
            --- stdout
            .gowork-contexts/lib/words.txt is part of api: embedded by package example.com/lib, by the pattern words.txt at .gowork-contexts/lib/lib.go:5:12

            imported by way of
              api/main.go:5:2  example.com/api imports example.com/lib

            read by
              link:api  link api
            exit 0
        "#]],
    );
    shown(
        &repository,
        &format!("explain api ../lib/lib_windows.go {BOTH}"),
        &expect![[r#"
            --- stdout
            .gowork-contexts/lib/lib_windows.go is not part of api: its name says that it is not for linux/amd64
            exit 0
        "#]],
    );
    shown(
        &repository,
        &format!("dockerignore {BOTH}"),
        &expect![[r#"
        --- stdout
        # Only what the images are made of reaches the builder. Printed by `gowork dockerignore`.
        *
        !**/go.mod
        !**/go.sum
        !**/*.go
        !**/LICENSE*
        !**/COPYING*
        !**/go.work
        !**/go.work.sum
        **/*_test.go
        **/testdata
        exit 0
    "#]],
    );
    let elsewhere = run(
        repository.path(),
        "list -C shop --build-context lib=lib --build-context fork=fork",
    );
    assert_eq!(elsewhere.code, 0, "{elsewhere}");
}

#[test]
fn the_dockerfile_copies_from_them() {
    shown(
        &beside(),
        &format!("dockerfile {BOTH}"),
        &expect![[r#"
        --- stdout
        # syntax=docker/dockerfile:1

        # The image of this repository: api.
        #
        #     docker buildx build --build-context fork=../fork --build-context lib=../lib --target api --tag api .
        #     docker buildx build --build-context fork=../fork --build-context lib=../lib --target binaries --output bin .
        #
        # Printed by `gowork dockerfile`; run it again when imports change. The stage of a binary copies only what that is made of, so
        # that no other edit rebuilds it, and leaves out tests and files for other platforms.
        # All mod files of the workspace are in every stage, since go chooses versions for all its modules at once.

        # The Go toolchain, on the platform of the builder: it compiles for any other.
        FROM --platform=$BUILDPLATFORM golang:1.26 AS go
        ARG TARGETOS TARGETARCH TARGETVARIANT
        # goindex=0: go must not know sources by their times, which say nothing in a build (golang/go#69179).
        ENV GOOS=$TARGETOS \
            GOARCH=$TARGETARCH \
            GOTOOLCHAIN=local \
            GOMODCACHE=/go/pkg/mod \
            GOCACHE=/go/cache \
            GODEBUG=goindex=0
        # Which files are needed is known for these platforms.
        RUN case $TARGETOS/$TARGETARCH in linux/amd64 | linux/arm64) ;; *) \
            echo "for $TARGETOS/$TARGETARCH print this Dockerfile with --platform=$TARGETOS/$TARGETARCH" >&2; exit 1 ;; esac
        # The variant of a platform says which instructions there are.
        RUN case $TARGETARCH/$TARGETVARIANT in \
            amd64/v1 | arm64/v8) ;; \
            amd64/v[2-4]) go env -w GOAMD64=$TARGETVARIANT ;; \
            arm64/v[89].*) go env -w GOARM64=$TARGETVARIANT ;; \
            arm64/v9) go env -w GOARM64=v9.0 ;; \
            */?*) echo "no variant that Go knows: $TARGETARCH/$TARGETVARIANT" >&2; exit 1 ;; esac

        # The standard library, compiled once into this layer.
        FROM go AS deps
        WORKDIR /src
        ENV GOFLAGS="-trimpath -buildvcs=false -mod=readonly" \
            GOWORK=/src/go.work \
            CGO_ENABLED=0
        COPY --parents \
            api/go.mod \
            go.work \
            /src/
        COPY --from=fork --parents \
            go.mod \
            /src/.gowork-contexts/fork/
        COPY --from=lib --parents \
            go.mod \
            /src/.gowork-contexts/lib/
        # Modules outside of the repository come from named contexts, each in a directory here.
        RUN go mod edit -replace=example.com/fork=../.gowork-contexts/fork /src/api/go.mod \
         && go work edit -dropuse=../lib -use=./.gowork-contexts/lib /src/go.work
        # Times in the future keep go from touching entries in later layers, and from removing those it finds old (golang/go#69565).
        RUN --network=none go build embed runtime \
         && find $GOCACHE -type f -exec touch -d '2100-01-01 00:00' {} + \
         && rm -f $GOCACHE/trim.txt

        FROM deps AS build-api
        # Files that the binary embeds.
        COPY --from=lib --parents \
            words.txt \
            /src/.gowork-contexts/lib/
        COPY --parents \
            --exclude=**/*_test.go \
            api/*.go \
            /src/
        COPY --from=fork --parents \
            --exclude=**/*_test.go \
            *.go \
            /src/.gowork-contexts/fork/
        COPY --from=lib --parents \
            --exclude=**/*_test.go \
            --exclude=lib_windows.go \
            *.go \
            /src/.gowork-contexts/lib/
        RUN --network=none go build -ldflags="-s -w" -o /out/api ./api

        # What programs expect and an image from scratch does not have by itself: certificates, time zones, users and /tmp.
        FROM go AS rootfs
        COPY <<EOF /rootfs/etc/passwd
        root:x:0:0:root:/root:/sbin/nologin
        nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
        nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
        EOF
        COPY <<EOF /rootfs/etc/group
        root:x:0:
        nobody:x:65534:
        nonroot:x:65532:
        EOF
        RUN mkdir -m 1777 /rootfs/tmp \
         && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ca-certificates.crt \
         && install -D -m 0644 "$(go env GOROOT)/lib/time/zoneinfo.zip" /rootfs/usr/share/zoneinfo.zip

        # Every binary, for `--output`.
        FROM scratch AS binaries
        COPY --from=build-api /out/api /api

        FROM scratch AS api
        COPY --from=rootfs /rootfs /
        COPY --from=build-api /out/api /usr/local/bin/api
        ENV ZONEINFO=/usr/share/zoneinfo.zip
        USER 65532:65532
        ENTRYPOINT ["/usr/local/bin/api"]
        exit 0
    "#]],
    );
}

#[test]
fn bake_and_compose_name_them() {
    let repository = beside();
    let bake = run(&repository.path().join("shop"), &format!("bake {BOTH}"));
    let shared = bake.out.split("target \"_shared\" ").nth(1).unwrap();
    expect![[r#"
        {
          dockerfile = DOCKERFILE
          platforms = PLATFORMS == "" ? [] : split(",", PLATFORMS)
          contexts = {
            "fork" = "../fork"
            "lib" = "../lib"
          }"#]]
    .assert_eq(shared.split("\n}").next().unwrap());
    let place = repository.path().join("shop/api");
    let compose = run(
        &place,
        "compose --watch --build-context lib=../../lib --build-context fork=../../fork",
    );
    expect![[r#"
        --- stdout
        # Printed by `gowork compose`; run it again when images change.
        services:
          "api":
            image: "api"
            build:
              context: .
              dockerfile: "gowork.toml"
              target: "api"
              additional_contexts:
                "fork": "../fork"
                "lib": "../lib"
            restart: unless-stopped
            security_opt: ["no-new-privileges:true"]
            develop:
              watch:
                - action: rebuild
                  path: "../fork"
                - action: rebuild
                  path: "../lib"
                - action: rebuild
                  path: "./api"
                - action: rebuild
                  path: "./go.work"
        --- stderr
        the root of the repository is .. (go.work)
        exit 0
    "#]]
    .assert_eq(&compose.to_string());
    let pipeline = run(
        &repository.path().join("shop"),
        &format!("ci gitlab {BOTH}"),
    );
    assert_eq!(pipeline.code, 0, "{pipeline}");
    let words = "--build-context fork=../fork --build-context lib=../lib";
    assert!(pipeline.out.matches(words).count() > 1, "{pipeline}");
}

/// An error in a file of a context is shown with its line; a file of the repository that names a
/// context as it is.
#[test]
fn errors_show_their_lines() {
    let repository = beside();
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport \"example.com/lib/none\"\n\nfunc Run(string) {}\n",
    );
    shown(
        &repository,
        &format!("check {BOTH}"),
        &expect![[r#"
        --- stderr
        error: package example.com/lib/none is imported by example.com/lib, but module example.com/lib (.gowork-contexts/lib) has no such package
         --> .gowork-contexts/lib/lib.go:3:8
          |
        3 | import "example.com/lib/none"
          |        ^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: correct the import path, or see whether .dockerignore leaves the package out

        1 error
        exit 1
    "#]],
    );
    repository.write(
        "lib/lib.go",
        "package lib\n\nimport \"example.com/lib/big\"\n\nfunc Run(string) {}\n",
    );
    let ignored = run(&repository.path().join("shop"), &format!("check {BOTH}"));
    assert_eq!(ignored.code, 1, "its ignore file counts: {ignored}");
}

/// A module of a context that replaces one by yet another directory.
#[test]
fn a_context_may_need_another() {
    let repository = beside();
    repository.write(
        "fork/go.mod",
        "module example.com/fork\n\ngo 1.26\n\nrequire example.com/deep v1.0.0\n",
    );
    repository.write(
        "shop/go.work",
        "go 1.26\n\nuse (\n\t./api\n\t../lib\n)\n\nreplace example.com/deep v1.0.0 => ../other/deep\n",
    );
    repository.write(
        "fork/fork.go",
        "package fork\n\nimport _ \"example.com/deep\"\n\nconst Name = \"fork\"\n",
    );
    repository.write("other/deep/go.mod", "module example.com/deep\n\ngo 1.26\n");
    repository.write("other/deep/deep.go", "package deep\n");
    let shop = repository.path().join("shop");
    let missing = run(&shop, &format!("list {BOTH}"));
    assert_eq!(missing.code, 1, "{missing}");
    let printed = run(
        &shop,
        &format!("dockerfile {BOTH} --build-context other/deep=../other/deep"),
    );
    assert_eq!(printed.code, 0, "{printed}");
    for part in [
        "-replace=example.com/deep@v1.0.0=./.gowork-contexts/other+deep",
        "COPY --from=other/deep --parents",
        "/src/.gowork-contexts/other+deep/",
    ] {
        assert!(printed.out.contains(part), "{part}: {printed}");
    }
}

/// The files of contexts are no files of git.
#[test]
fn affected_takes_contexts_as_unchanged() {
    let repository = beside();
    let shop = repository.path().join("shop");
    let git = |args: &str| repository.git(&format!("-C shop {args}"));
    git("init --quiet");
    git("add --all");
    git("commit --quiet --message=words");
    let since = || run(&shop, &format!("affected --since HEAD {BOTH}"));
    repository.write("lib/lib.go", "package lib\n\nfunc Run(string) {}\n");
    assert_eq!((since().code, since().out), (0, String::new()));
    repository.write(
        "shop/api/main.go",
        "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.Run(\"\") }\n",
    );
    let said = since();
    assert_eq!(said.code, 0, "{said}");
    expect![[r#"
        api  module example.com/fork go 1.26 v1.2.0 => ./.gowork-contexts/fork is gone; file .gowork-contexts/fork/fork.go is gone; file api/main.go changed
    "#]].assert_eq(&said.out);
}

/// With `--resolve`, go is asked about mod files that name the contexts.
#[test]
fn the_go_command_sees_them() {
    let said = run(
        &beside().path().join("shop"),
        &format!("plan --resolve {BOTH}"),
    );
    assert_eq!(said.code, 0, "{said}");
    assert!(said.out.contains("link:api"), "{said}");
}

#[test]
fn wrong_contexts_are_refused() {
    let repository = beside();
    for (given, expected) in [
        (
            "lib",
            expect![[r#"
            --- stderr
            error: --build-context lib: write NAME=DIR
            exit 2
        "#]],
        ),
        (
            "Lib=../lib",
            expect![[r#"
            --- stderr
            error: --build-context Lib=../lib: "Lib" is not an image reference: the repository must be lower case
            exit 2
        "#]],
        ),
        (
            "lib=",
            expect![[r#"
            --- stderr
            error: --build-context lib=: write NAME=DIR
            exit 2
        "#]],
        ),
        (
            "lib=../none",
            expect![[r#"
            --- stderr
            error: --build-context lib=../none: no such directory
            exit 3
        "#]],
        ),
        (
            "lib=docker-image://alpine:3.22",
            expect![[r#"
            --- stderr
            error: --build-context lib=docker-image://alpine:3.22: modules of the repository are in this context, and gowork reads them from directories only; name a directory
            exit 2
        "#]],
        ),
        (
            "lib=https://example.com/lib.git",
            expect![[r#"
            --- stderr
            error: --build-context lib=https://example.com/lib.git: modules of the repository are in this context, and gowork reads them from directories only; name a directory
            exit 2
        "#]],
        ),
    ] {
        let args = format!("list --build-context fork=../fork --build-context {given}");
        shown(&repository, &args, &expected);
    }
}

/// What is for an image needs no directory; what nothing uses is reported.
#[test]
fn contexts_for_images_are_left_alone() {
    let repository = beside();
    let args = "check --build-context golang:1.26=docker-image://mirror.example.com/go:1.26";
    let results = "--build-context gowork-results=docker-image://registry.example.com/results";
    shown(
        &repository,
        &format!("{args} {results} {BOTH}"),
        &expect![[r#"
        --- stderr
        1 image on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]],
    );
    shown(
        &repository,
        &format!("check {BOTH} --build-context frok=../fork"),
        &expect![[r#"
        --- stderr
        warning[UnusedContext]: build context frok is not used
         |
         = help: a context has the name of an image, a stage, a module, or a directory outside of the repository that go.work or go.mod names

        1 warning
        1 image on linux/amd64 and linux/arm64: no errors
        exit 0
    "#]],
    );
}

/// The path of a module takes its place, whatever the mod files say.
#[test]
fn a_module_by_its_path() {
    let repository = Repository::new(
        "
-- go.mod --
module example.com/app

go 1.26

require example.com/Fork v1.2.0
-- main.go --
package main

import \"example.com/Fork\"

func main() { println(fork.Name) }
",
    );
    let outside = Repository::new(
        "
-- go.mod --
module example.com/Fork

go 1.26
-- fork.go --
package fork

const Name = 1
",
    );
    let context = format!("example.com/fork={}", outside.path().display());
    let said = repository.run(&format!("dockerfile --build-context {context}"));
    assert_eq!(said.code, 0, "{said}");
    let edit = "RUN go mod edit -replace=example.com/Fork=./.gowork-contexts/example.com+fork /src/go.mod\n";
    assert!(said.out.contains(edit), "{said}");
    let from = "COPY --from=example.com/fork --parents";
    assert_eq!(said.out.matches(from).count(), 2, "{said}");
    let option = format!("docker buildx build --build-context {context} --target");
    assert!(said.out.contains(&option), "{said}");
}
