//! Reading `go list`: its JSON in, a resolution out.

use std::path::Path;

use gowork_llb::gomod::{ImportPath, ModulePath};
use gowork_llb::resolution::go_list::{self, Listing, Repository};
use gowork_llb::resolution::{self, Chosen, Question, Resolution, ResolveRequest, ask};
use gowork_llb::tree::{MemTree, TreePath};

fn request(packages: &[&str], vendored: bool) -> ResolveRequest {
    ResolveRequest {
        version: resolution::VERSION,
        dir: "app".to_owned(),
        workspace: true,
        vendored,
        packages: packages.iter().copied().map(ImportPath::new).collect(),
        tags: vec!["one".to_owned(), "two".to_owned()],
        env: [("GOOS".to_owned(), "linux".to_owned())].into(),
    }
}

fn read(json: &str, request: &ResolveRequest, disk: &[(&str, &str)]) -> Resolution {
    let repository = Repository {
        root: Path::new("/src"),
        request,
        own: vec!["example.com/app"],
    };
    let listing = Listing::parse(json.as_bytes()).unwrap();
    assert_eq!(listing.errors(&repository), []);
    let mut tree = MemTree::new();
    for (path, text) in disk {
        tree.insert(TreePath::new(path).unwrap(), *text);
    }
    listing
        .resolution(&repository, Chosen::default(), &tree)
        .unwrap()
}

fn shown(resolution: &Resolution) -> Vec<String> {
    let packages = resolution.packages.iter();
    packages
        .map(|it| format!("{} {} {:?} {}", it.path, it.dir, it.files, it.size))
        .collect()
}

const VENDORED: &str = r#"
{"Dir": "/goroot/src/runtime", "ImportPath": "runtime", "Standard": true, "GoFiles": ["proc.go"]}
{"Dir": "/src/app/vendor/example.com/c/p", "ImportPath": "example.com/c/p",
 "Module": {"Path": "example.com/c", "Version": "v1.0.0"},
 "CgoFiles": ["p.go"], "HFiles": ["p.h"], "Imports": ["C", "fmt"]}
{"Dir": "/src/app/vendor/example.com/c/q", "ImportPath": "example.com/c/q",
 "Module": {"Path": "example.com/c", "Version": "v1.0.0"}, "GoFiles": ["q.go"]}
{"Dir": "/src/app", "ImportPath": "example.com/app", "Module": {"Path": "example.com/app", "Main": true},
 "Error": {"Err": "no Go files in /src/app"}}
"#;

const DISK: [(&str, &str); 6] = [
    ("src/app/vendor/example.com/c/p/p.go", "package p"),
    ("src/app/vendor/example.com/c/p/p.h", "// p"),
    ("src/app/vendor/example.com/c/p/table.inc", "1, 2"),
    ("src/app/vendor/example.com/c/h/deep/h.h", "// h"),
    ("src/app/vendor/example.com/c/q/q.go", "package q"),
    ("src/app/vendor/example.com/other/o.h", "// o"),
];

#[test]
fn c_in_a_vendor_directory_has_the_files_of_its_module() {
    let resolution = read(VENDORED, &request(&["example.com/c/p"], true), &DISK);
    assert_eq!(
        shown(&resolution),
        [
            r#"example.com/c/p app/vendor/example.com/c/p ["../h/deep/h.h", "p.go", "p.h", "table.inc"] 9"#,
            r#"example.com/c/q app/vendor/example.com/c/q ["q.go"] 9"#,
            "runtime  [] 0",
        ]
    );
    let p = &resolution.packages[0];
    assert_eq!(p.imports, ["fmt", "runtime/cgo", "syscall", "unsafe"]);
    assert!(p.reads_module && !resolution.packages[1].reads_module);
}

#[test]
fn assembly_may_include_files_of_other_directories() {
    let json = |include: &str| {
        let text = r#"{"Dir": "/cache/a@v1.0.0", "ImportPath": "a.example/a", "SFiles": ["a.s"],
                       "Module": {"Path": "a.example/a", "Version": "v1.0.0"}}"#;
        let request = request(&["a.example/a"], false);
        read(text, &request, &[("cache/a@v1.0.0/a.s", include)]).packages[0].reads_module
    };
    assert!(json("  #include \"../x/x.h\"\n"));
    assert!(!json("#include \"textflag.h\"\n") && !json("// a/b\n"));
}

#[test]
fn packages_of_the_repository_are_left_out() {
    let package = |path: &str, rest: &str| {
        format!(r#"{{"Dir": "/cache/x", "ImportPath": "{path}", {rest}}}"#)
    };
    let listing = [
        package(
            "example.com/app/x",
            r#""Module": {"Path": "example.com/app", "Main": true}"#,
        ),
        // Found in no module, since its sources are not here.
        package("example.com/app/y", r#""Error": {"Err": "missing"}"#),
        package(
            "example.com/fork",
            r#""Module": {"Path": "example.com/fork", "Version": "v1.0.0", "Replace": {"Path": "./fork"}}"#,
        ),
        // A module of its own, whatever its path begins with.
        package(
            "example.com/app/far",
            r#""Module": {"Path": "example.com/app/far", "Version": "v1.0.0"}"#,
        ),
    ]
    .concat();
    let paths = |request: &ResolveRequest| {
        let packages = read(&listing, request, &[]).packages.into_iter();
        packages.map(|package| package.path).collect::<Vec<_>>()
    };
    assert_eq!(paths(&request(&[], false)), ["example.com/app/far"]);
    assert_eq!(
        paths(&request(&["example.com/app/x"], false)),
        ["example.com/app/far", "example.com/app/x"]
    );
    // A vendor directory holds a copy of what a directory stands in for.
    assert_eq!(
        paths(&request(&[], true)),
        ["example.com/app/far", "example.com/fork"]
    );
}

#[test]
fn errors_say_who_asked() {
    let json = r#"{"ImportPath": "a.example/a", "Error": {
        "ImportStack": ["b.example/b", "a.example/a"], "Pos": "b.go:3:8",
        "Err": "cannot find it: import lookup disabled by -mod=readonly\n"}}"#;
    let request = request(&["b.example/b"], false);
    let repository = Repository {
        root: Path::new("/src"),
        request: &request,
        own: vec!["example.com/app"],
    };
    let errors = Listing::parse(json.as_bytes()).unwrap().errors(&repository);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].package, "b.example/b");
    assert_eq!(
        errors[0].message,
        "b.go:3:8: a.example/a: cannot find it (imported through b.example/b)"
    );
}

#[test]
fn one_round_of_questions() {
    let asked = request(&["a.example/a"], false);
    let question = Question {
        repository: Repository {
            root: Path::new("/src"),
            request: &asked,
            own: vec!["example.com/app", "example.com/fork"],
        },
        replaced: vec!["example.com/fork"],
    };
    let mut lines = Vec::new();
    let resolution = ask(&question, &MemTree::new(), |args| {
        lines.push(args.join(" "));
        Ok::<_, go_list::ListError>(match lines.len() {
            1 => Vec::new(),
            2 => b"go1.26.8\n".to_vec(),
            _ => b"example.com/fork v1.2.0\nexample.com/none \n".to_vec(),
        })
    })
    .unwrap();
    assert!(lines[0].starts_with("list -e -deps -json=Dir,ImportPath,"));
    assert!(lines[0].ends_with(" -tags=one,two -- runtime a.example/a"));
    assert_eq!(
        lines[1..],
        [
            "env GOVERSION",
            "list -e -m -f {{.Path}} {{.Version}} -- example.com/fork"
        ]
    );
    assert_eq!(resolution.go_version, "go1.26.8");
    assert_eq!(
        resolution.replaced,
        [(ModulePath::new("example.com/fork"), "v1.2.0".to_owned())].into()
    );
}

#[test]
fn the_environment_of_go() {
    let mut request = request(&[], false);
    let shown = |request: &ResolveRequest| {
        let env = request.go_env(Path::new("/src")).into_iter();
        env.map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        shown(&request),
        "GOFLAGS=-mod=readonly GOOS=linux GOWORK=/src/app/go.work PWD=/src/app"
    );
    request.workspace = false;
    request.vendored = true;
    request.dir = String::new();
    assert_eq!(
        shown(&request),
        "GOFLAGS=-mod=vendor GOOS=linux GOWORK=off PWD=/src"
    );
}
