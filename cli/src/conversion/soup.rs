//! Properties of the conversion, over Dockerfiles made of pieces: no input makes it panic, what it
//! writes parses, and what is not about Go stays as it is.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::sync::Arc;

use gowork_llb::plan::Target;
use gowork_llb::tree::MemTree;

use super::file::File;
use super::{Repo, convert};

const SEEDS: u64 = 3000;

const PIECES: &[&str] = &[
    "FROM golang:1.26 AS build\n",
    "FROM golang\n",
    "FROM build\n",
    "FROM alpine\n",
    "FROM ${X:-scratch} AS last\n",
    "FROM --platform=$BUILDPLATFORM golang:${V}-alpine AS b2\n",
    "ARG X=api\n",
    "ARG V\n",
    "ARG TARGETARCH GOARM=${TARGETVARIANT#v}\n",
    "ENV A=1 B=\"x y\" C\n",
    "ENV GOFLAGS=-tags=x\n",
    "ENV CGO_ENABLED 0\n",
    "WORKDIR /src\n",
    "WORKDIR ../x\n",
    "COPY . .\n",
    "COPY . /src/\n",
    "COPY go.* ./\n",
    "COPY cmd/api/main.go cmd/api/\n",
    "ADD https://example.com/x.git /src\n",
    "COPY [\"cmd\", \"/src/cmd\"]\n",
    "RUN go mod download\n",
    "RUN go build -o /api ./cmd/api\n",
    "RUN go build -o /out/ ./...\n",
    "RUN go install ./cmd/$X && strip /go/bin/api\n",
    "RUN cd /src; go build \\\n  # x\n ./cmd/worker\n",
    "RUN <<EOF\nfor x in api worker; do go build -o /$x ./cmd/$x; done\nEOF\n",
    "RUN if [ -z \"$X\" ]; then X=$(date); fi && go build -ldflags \"-X main.x=$X\" ./cmd/api\n",
    "RUN case $X in a) go build ;; esac\n",
    "RUN [\"go\", \"build\", \"./cmd/api\"]\n",
    "RUN make -C x build\n",
    "RUN sh -c 'go build -o /api ./cmd/api'\n",
    "RUN (cd /src && go build ./cmd/api) || exit 1\n",
    "RUN apk add gcc && go generate ./... && go test ./... && go build -o /api ./cmd/api > /log 2>&1\n",
    "COPY --from=build /api /\n",
    "COPY --from=0 /api /worker /x/\n",
    "COPY --from=build /out /bin\n",
    "COPY --from=build --chown=1:1 /src/go.mod /go/bin/* /x/\n",
    "COPY --from=b2 /etc/passwd /etc/\n",
    "RUN --mount=from=build,source=/api,target=/api /api\n",
    "COPY --from=other /x /src/ui\n",
    "ONBUILD COPY --from=build /api /\n",
    "CMD [\"/api\"]\n",
    "ENTRYPOINT []\n",
    "# comment\n",
    "\n",
    "SHELL [\"/bin/bash\", \"-c\"]\n",
    "LABEL a=\"$(x)\" b=c\n",
    "COPY <<EOF /x\nRUN go build\nEOF\n",
    "RUN mv /api /x/ && cp -r cmd /y && ln -s /x/api /z\n",
    "RUN git clone https://example.com/shop /src\n",
];

fn repo() -> Repo {
    let archive = "-- go.mod --\nmodule example.com/shop\n\ngo 1.26\n\
                   -- cmd/api/main.go --\npackage main\n\nfunc main() {}\n\
                   -- cmd/worker/main.go --\npackage main\n\nfunc main() {}\n";
    let target = Target {
        os: "linux".to_owned(),
        arch: "amd64".to_owned(),
        variant: String::new(),
    };
    Repo::read(Arc::new(MemTree::from_txtar(archive)), &target)
}

/// A Dockerfile of pieces; some have bytes taken out, doubled or put elsewhere.
fn dockerfile(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text = String::new();
    if random.bool() {
        text.push_str("# syntax=docker/dockerfile:1\n");
    }
    text.push_str("FROM golang:1.26 AS go\nWORKDIR /src\nCOPY . .\n");
    let mut pieces: Vec<&str> = PIECES.to_vec();
    random.shuffle(&mut pieces);
    text.push_str(&pieces[..random.usize(1..25)].concat());
    for _ in 0..random.usize(..3) {
        let chars: Vec<char> = text.chars().collect();
        let (from, length) = (random.usize(..chars.len()), random.usize(..12));
        let to = (from + length).min(chars.len());
        let at = random.usize(..chars.len());
        text = match random.u8(..3) {
            0 => chars[..from].iter().chain(&chars[to..]).collect(),
            1 => chars[..at]
                .iter()
                .chain(&chars[from..to])
                .chain(&chars[at..])
                .collect(),
            _ => chars[..at]
                .iter()
                .chain(['"', '\\', '$', '{', '\'', '`'].get(length))
                .chain(&chars[at..])
                .collect(),
        };
        if text.is_empty() {
            break;
        }
    }
    text
}

#[test]
fn no_input_panics_and_what_is_written_parses() {
    let repo = repo();
    let mut converted = 0;
    for seed in 0..SEEDS {
        let text = dockerfile(seed);
        let Ok(made) = convert(("Dockerfile", &text), &repo, None) else {
            continue;
        };
        converted += 1;
        let parsed = File::parse("Dockerfile", &made.dockerfile);
        if let Err(error) = parsed {
            // A file may be stages of Go alone.
            assert!(
                error.message.contains("stage"),
                "{seed}: {error}\n{text}\n---\n{}",
                made.dockerfile
            );
        }
        let (_, found) = gowork_llb::config::Config::parse("gowork.toml", &made.settings);
        // Names that the input spoiled are wrong in the same way.
        let is_value = |found: &gowork_llb::diag::Diagnostic| found.message.contains(" is not ");
        assert!(
            found.iter().all(is_value),
            "{seed}: {found:?}\n{text}\n---\n{}",
            made.settings
        );
    }
    assert!(converted > SEEDS as usize / 20, "{converted}");
}

#[test]
fn what_is_not_about_go_stays_byte_for_byte() {
    let repo = repo();
    let go = "FROM golang:1.26 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /api ./cmd/api\n\n";
    let others = [
        "FROM debian AS one\n# a   comment\nRUN  echo \"x\"   \\\n\t&& true\n\n\n",
        "# above\nFROM alpine as two\nCOPY . /x\nRUN <<E\n go build\nE\n",
        "FROM scratch AS three\nCOPY --from=one /x /y\nLABEL x='1'  y=2 \n \n",
        "FROM alpine AS four\r\nENV A=b\r\nUSER 1\r\n\r\n",
    ];
    let take = "FROM alpine\nCOPY --from=build  /api   /usr/bin/  \nCMD [ \"api\" ]\n# the end";
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut before: Vec<&str> = others.to_vec();
        random.shuffle(&mut before);
        // A stage that copies from another stands behind it.
        before.retain(|stage| !stage.contains("three"));
        let behind = before.split_off(random.usize(..before.len()));
        let around = [before.concat(), behind.concat(), others[2].to_owned()];
        let text = format!("{}{go}{}{}{take}", around[0], around[1], around[2]);
        let made = convert(("Dockerfile", &text), &repo, None).map_err(|e| e.to_string());
        let expected = format!(
            "# syntax=docker.io/gowork/gowork:1\n{}{}{}{}",
            around[0],
            around[1],
            around[2],
            take.replace("--from=build", "--from=gowork")
        );
        assert_eq!(made.unwrap().dockerfile, expected, "{seed}");
    }
}
