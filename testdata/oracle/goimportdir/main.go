// Goimportdir prints what go/build's ImportDir finds in each directory below the given ones, one JSON object a line,
// for the platform of $GOOS, $GOARCH, $CGO_ENABLED and the comma-separated -tags. It needs no modules and no network.
//
// With -constraints it instead reads lines of JSON strings, each a whole "//go:build" or "// +build" line, and prints for each
// the expression that go/build/constraint makes of it, or "error: " and its words, as a JSON string.
//
// With -mains it prints for each Go file of "package main" below the given directories that go/parser takes, tests left out,
// whether it declares "func main".
//
// With -calls it prints for each Go file below the given directories that go/parser takes, tests left out, the calls of some
// functions of std whose first argument is a string known from the text alone.
//
// It must be run by the Go release whose answers are wanted; $GOEXPERIMENT, $GOAMD64 and similar variables count too.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Package is what both this program and `llb/examples/gosrc.rs` print of a directory. Empty members are left out.
type Package struct {
	Dir               string
	Name              string              `json:",omitempty"`
	GoFiles           []string            `json:",omitempty"`
	CgoFiles          []string            `json:",omitempty"`
	IgnoredGoFiles    []string            `json:",omitempty"`
	InvalidGoFiles    []string            `json:",omitempty"`
	IgnoredOtherFiles []string            `json:",omitempty"`
	CFiles            []string            `json:",omitempty"`
	CXXFiles          []string            `json:",omitempty"`
	MFiles            []string            `json:",omitempty"`
	HFiles            []string            `json:",omitempty"`
	FFiles            []string            `json:",omitempty"`
	SFiles            []string            `json:",omitempty"`
	SwigFiles         []string            `json:",omitempty"`
	SwigCXXFiles      []string            `json:",omitempty"`
	SysoFiles         []string            `json:",omitempty"`
	TestGoFiles       []string            `json:",omitempty"`
	XTestGoFiles      []string            `json:",omitempty"`
	Imports           map[string][]string `json:",omitempty"` // import path to "file:line:column", sorted by file
	TestImports       map[string][]string `json:",omitempty"`
	XTestImports      map[string][]string `json:",omitempty"`
	Embeds            map[string][]string `json:",omitempty"` // pattern to places
	TestEmbeds        map[string][]string `json:",omitempty"`
	XTestEmbeds       map[string][]string `json:",omitempty"`
	Error             string              `json:",omitempty"` // "multiple packages", "no go files", or "invalid"
	Message           string              `json:",omitempty"` // of "invalid": Go's words
}

func places(all map[string][]token.Position) map[string][]string {
	out := map[string][]string{}
	for name, positions := range all {
		for _, p := range positions {
			out[name] = append(out[name], fmt.Sprintf("%s:%d:%d", filepath.Base(p.Filename), p.Line, p.Column))
		}
	}
	return out
}

func parseConstraints() {
	in := json.NewDecoder(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	var line string
	for in.Decode(&line) == nil {
		if x, err := constraint.Parse(line); err != nil {
			out.Encode("error: " + err.Error())
		} else {
			out.Encode(x.String())
		}
	}
}

// File says whether a file declares the function that a program starts with.
type File struct {
	Path string
	Main bool
}

func declaresMain(file *ast.File) bool {
	for _, declaration := range file.Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if ok && f.Recv == nil && f.Name.Name == "main" && f.Type.TypeParams == nil {
			return true
		}
	}
	return false
}

func findMains(root string) {
	out := json.NewEncoder(os.Stdout)
	filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil && file.Name.Name == "main" {
			out.Encode(File{path, declaresMain(file)})
		}
		return nil
	})
}

// Calls are those of a file.
type Calls struct {
	Path  string
	Calls []Call
}

// Call is one of them.
type Call struct {
	Function string
	Argument string
	Line     int
}

// opening are the functions that -calls looks for, by import path.
var opening = map[string][]string{
	"os":            {"ReadFile", "Open", "ReadDir", "DirFS", "OpenRoot"},
	"io/ioutil":     {"ReadFile", "ReadDir"},
	"path/filepath": {"Glob", "Walk", "WalkDir"},
	"net/http":      {"Dir"},
}

// joining are the functions that make one path of several.
var joining = map[string][]string{
	"path/filepath": {"Join", "FromSlash", "Clean"},
	"path":          {"Join", "Clean"},
}

// named gives package and function of a call by a package's name.
func named(call *ast.CallExpr, imports map[string]string) (string, string) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	name, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return imports[name.Name], selector.Sel.Name
}

func text(expr ast.Expr, imports map[string]string) (string, bool) {
	switch expr := expr.(type) {
	case *ast.BasicLit:
		if expr.Kind != token.STRING {
			return "", false
		}
		value, err := strconv.Unquote(expr.Value)
		return value, err == nil
	case *ast.BinaryExpr:
		_, isLiteral := expr.Y.(*ast.BasicLit)
		left, ok := text(expr.X, imports)
		right, ok2 := text(expr.Y, imports)
		return left + right, isLiteral && ok && ok2 && expr.Op == token.ADD
	case *ast.CallExpr:
		path, function := named(expr, imports)
		if !slices.Contains(joining[path], function) || len(expr.Args) == 0 {
			return "", false
		}
		var parts []string
		for _, argument := range expr.Args {
			part, ok := text(argument, imports)
			if !ok {
				return "", false
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, "/"), true
	}
	return "", false
}

func findCalls(root string) {
	out := json.NewEncoder(os.Stdout)
	filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil
		}
		imports := map[string]string{}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			name := imported[strings.LastIndex(imported, "/")+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
			// The first of two with one name: such a file does not compile.
			if _, ok := imports[name]; !ok {
				imports[name] = imported
			}
		}
		found := Calls{path, []Call{}}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			path, function := named(call, imports)
			argument, ok := text(call.Args[0], imports)
			if ok && slices.Contains(opening[path], function) {
				name := path[strings.LastIndex(path, "/")+1:] + "." + function
				found.Calls = append(found.Calls, Call{name, argument, files.PositionFor(call.Args[0].Pos(), false).Line})
			}
			return true
		})
		out.Encode(found)
		return nil
	})
}

func main() {
	tags := flag.String("tags", "", "comma-separated build tags")
	constraints := flag.Bool("constraints", false, "parse constraints from standard input")
	mains := flag.Bool("mains", false, "find files that declare func main")
	calls := flag.Bool("calls", false, "find calls that open files")
	flag.Parse()
	if *calls {
		for _, root := range flag.Args() {
			findCalls(root)
		}
		return
	}
	if *mains {
		for _, root := range flag.Args() {
			findMains(root)
		}
		return
	}
	if *constraints {
		parseConstraints()
		return
	}
	context := build.Default
	context.BuildTags = strings.FieldsFunc(*tags, func(r rune) bool { return r == ',' })
	context.CgoEnabled = os.Getenv("CGO_ENABLED") == "1"
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := json.NewEncoder(out)
	for _, root := range flag.Args() {
		filepath.WalkDir(root, func(dir string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			p, err := context.ImportDir(dir, 0)
			r := Package{Name: p.Name, GoFiles: p.GoFiles, CgoFiles: p.CgoFiles, IgnoredGoFiles: p.IgnoredGoFiles,
				InvalidGoFiles: p.InvalidGoFiles, IgnoredOtherFiles: p.IgnoredOtherFiles, CFiles: p.CFiles, CXXFiles: p.CXXFiles,
				MFiles: p.MFiles, HFiles: p.HFiles, FFiles: p.FFiles, SFiles: p.SFiles, SwigFiles: p.SwigFiles,
				SwigCXXFiles: p.SwigCXXFiles, SysoFiles: p.SysoFiles, TestGoFiles: p.TestGoFiles, XTestGoFiles: p.XTestGoFiles,
				Imports: places(p.ImportPos), TestImports: places(p.TestImportPos), XTestImports: places(p.XTestImportPos),
				Embeds: places(p.EmbedPatternPos), TestEmbeds: places(p.TestEmbedPatternPos), XTestEmbeds: places(p.XTestEmbedPatternPos)}
			r.Dir, _ = filepath.Rel(root, dir)
			switch err := err.(type) {
			case nil:
			case *build.NoGoError:
				r.Error = "no go files"
			case *build.MultiplePackageError:
				r.Error = "multiple packages"
			default:
				r.Error, r.Message = "invalid", err.Error()
			}
			return lines.Encode(r)
		})
	}
}
