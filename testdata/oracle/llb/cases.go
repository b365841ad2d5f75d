package main

import (
	"net"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
)

const (
	sum    = digest.Digest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	commit = "0123456789abcdef0123456789abcdef01234567"
)

// Case is one state and what it is called on the other side.
type Case struct {
	Name  string
	State llb.State
}

func base() llb.State {
	return llb.Image("alpine:3.22", llb.LinuxAmd64)
}

func cases() []Case {
	var all []Case
	all = append(all, sources()...)
	all = append(all, execs()...)
	all = append(all, files()...)
	return append(all, graphs()...)
}

func sources() []Case {
	return []Case{
		{"image", llb.Image("golang", llb.LinuxAmd64)},
		{"image-options", llb.Image("registry.example:5000/team/golang:1.26@"+sum.String(),
			llb.LinuxArm64, llb.ResolveModeForcePull, llb.MarkImageInternal, llb.WithCustomName("load golang"))},
		{"image-local-arm", llb.Image("user/name:tag", llb.LinuxArmhf, llb.ResolveModePreferLocal)},
		{"image-checksum", llb.Image("busybox:latest", llb.LinuxAmd64, llb.WithLayerLimit(2), llb.WithImageChecksum(sum))},
		{"local", llb.Local("context", llb.SessionID("session1"), llb.SharedKeyHint("ctx"),
			llb.IncludePatterns([]string{"**/*.go", "go.mod"}),
			llb.ExcludePatterns([]string{"a&b", "<x>", "\"q\"\t", "\u2028é"}),
			llb.FollowPaths([]string{"Dockerfile"}),
			llb.Differ(llb.DiffNone, true), llb.WithCustomName("[internal] load context"))},
		{"local-metadata", llb.Local("context", llb.SessionID("session1"), llb.MetadataOnlyTransfer([]string{"**/go.mod", "go.work"}))},
		{"local-unique", llb.Local("dockerfile", llb.Differ(llb.DiffMetadata, true), llb.LocalUniqueID("once"))},
		{"git-https", llb.Git("https://example.com/team/repo.git", "v1.2.3:sub/dir")},
		{"git-bare", llb.Git("example.com/team/repo", "")},
		{"git-options", llb.Git("https://user@example.com/team/re%20po.git", commit, llb.KeepGitDir(),
			llb.AuthTokenSecret("token"), llb.AuthHeaderSecret("header"), llb.GitChecksum(commit),
			llb.GitSkipSubmodules(), llb.GitMTimeCommit(), llb.GitFetchByCommit())},
		{"git-ssh", llb.Git("git@example.com:team/repo.git", "main", llb.KnownSSHHosts("example.com ssh-ed25519 AAAA"), llb.MountSSHSock("agent"))},
		{"http", llb.HTTP("https://example.com/file.tgz")},
		{"http-options", llb.HTTP("http://example.com/x?y=z", llb.Checksum(sum), llb.Filename("tool"), llb.Chmod(0o755),
			llb.Chown(1000, 1001), llb.AuthHeaderSecret("auth"), llb.Header(llb.HTTPHeader{Accept: "a/b", UserAgent: "gowork"}))},
		{"oci-layout", llb.OCILayout("docker.io/library/base@"+sum.String(), llb.OCIStore("session1", "store1"), llb.OCILayerLimit(3), llb.LinuxArm64)},
	}
}

func execs() []Case {
	src := llb.Local("src", llb.SessionID("s"))
	simple := base().Run(llb.Args([]string{"true"}))
	many := base().Dir("/src").User("1000:1000").AddEnv("A", "1").AddEnv("B", "2").AddEnv("A", "3").AddEnv("EMPTY", "").Hostname("box").
		Run(llb.Args([]string{"go", "build", "./..."}),
			llb.AddMount("/src", src, llb.Readonly, llb.SourcePath("sub")),
			llb.AddMount("/out", llb.Scratch()),
			llb.AddMount("/a", src),
			llb.AddMount("/drop", src, llb.ForceNoOutput),
			llb.AddMount("/b", llb.Image("busybox", llb.LinuxAmd64), llb.Readonly, llb.ContentCache(llb.MountContentCacheOff)),
			llb.AddMount("/cache", llb.Scratch(), llb.AsPersistentCacheDir("go-build", llb.CacheMountShared)),
			llb.AddMount("/cache2", src, llb.AsPersistentCacheDir("locked", llb.CacheMountLocked), llb.SourcePath("/cache")),
			llb.AddMount("/cache3", llb.Scratch(), llb.AsPersistentCacheDir("private", llb.CacheMountPrivate)),
			llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
			llb.AddMount("/dev/shm", llb.Scratch(), llb.Tmpfs(llb.TmpfsSize(1<<20))),
			llb.WithCustomName("compile"))
	client := base().Run(llb.Args([]string{"sh", "-c", "id"}),
		llb.AddSecret("/run/secrets/ca", llb.SecretID("ca"), llb.SecretOptional),
		llb.AddSecret("/root/.netrc", llb.SecretID("netrc"), llb.SecretFileOpt(1, 2, 0o440)),
		llb.AddSecret("TOKEN", llb.SecretID("token"), llb.SecretAsEnv(true)),
		llb.AddSecret("MAYBE", llb.SecretID("maybe"), llb.SecretAsEnv(true), llb.SecretOptional),
		llb.AddSSHSocket(llb.SSHID("default")),
		llb.AddSSHSocket(llb.SSHID("other"), llb.SSHSocketTarget("/agent"), llb.SSHOptional),
		llb.AddSSHSocket(llb.SSHID("third"), llb.SSHSocketOpt("/third", 5, 6, 0o660)))
	settings := base().AddEnv("SSH_AUTH_SOCK", "/mine").Network(llb.NetModeHost).Security(llb.SecurityModeInsecure).
		Run(llb.Args([]string{"x"}), llb.AddSSHSocket(llb.SSHID("default")),
			llb.AddExtraHost("one", net.ParseIP("10.0.0.1")), llb.AddExtraHost("two", net.ParseIP("fe80::1")),
			llb.AddUlimit(llb.UlimitNofile, 10, -1), llb.WithCgroupParent("parent"),
			llb.ValidExitCodes(0, 3, 255),
			llb.AddCDIDevice(llb.CDIDeviceName("vendor/class=a")), llb.AddCDIDevice(llb.CDIDeviceName("vendor/class=b"), llb.CDIDeviceOptional),
			llb.WithProxy(llb.ProxyEnv{HTTPProxy: "http://p", HTTPSProxy: "https://p", NoProxy: "localhost"}),
			llb.IgnoreCache, llb.WithoutExportCache(), llb.ProgressGroup("group", "compiling", true))
	readonlyRoot := base().Run(llb.Args([]string{"x"}), llb.ReadonlyRootFS(), llb.Network(llb.NetModeNone),
		llb.AddMount("/out", llb.Scratch()))
	onScratch := llb.Scratch().Run(llb.Args([]string{"/bin/x"}), llb.LinuxArm64, llb.AddMount("/bin", base(), llb.Readonly))
	return []Case{
		{"exec", simple.Root()},
		{"exec-mounts", many.Root()},
		{"exec-mounts-out", many.GetMount("/out")},
		{"exec-mounts-a", many.GetMount("/a")},
		{"exec-client", client.Root()},
		{"exec-settings", settings.Root()},
		{"exec-readonly-root", readonlyRoot.GetMount("/out")},
		{"exec-scratch-root", onScratch.Root()},
		{"exec-chain", simple.Run(llb.Args([]string{"b"})).Run(llb.Args([]string{"c"}), llb.LinuxArm64).Root()},
	}
}

func files() []Case {
	src, other := llb.Local("src", llb.SessionID("s")), llb.Image("busybox", llb.LinuxAmd64)
	at := llb.WithCreatedTime(time.Unix(1700000000, 0))
	actions := llb.Mkdir("/a/b", 0o755, llb.WithParents(true), llb.WithUIDGID(1, 2), at).
		Mkfile("a/b/c.txt", 0o600, []byte("hello\x00world"), llb.WithUser("root:daemon")).
		Mkfile("/empty", 0o644, nil, at).
		Symlink("../c.txt", "/a/link", at).
		Rm("/old*", llb.WithAllowNotFound(true), llb.WithAllowWildcard(true)).
		Rm("x/../y").
		Mkdir("/plain", 0o700)
	copies := llb.Copy(src, "go.mod", "/src/", &llb.CopyInfo{CreateDestPath: true}).
		Copy(src, "/", "/dst/.", &llb.CopyInfo{CopyDirContentsOnly: true, IncludePatterns: []string{"**/*.go"}, ExcludePatterns: []string{"vendor"}, AllowWildcard: true, AllowEmptyWildcard: true}).
		Copy(other, "/bin//busybox", "bin/sh", llb.ChmodOpt{Mode: 0o755}, llb.WithUser("www-data"), at).
		Copy(llb.Scratch(), "/", "/none", &llb.CopyInfo{FollowSymlinks: true, AttemptUnpack: true, AlwaysReplaceExistingDestPaths: true, RequiredPaths: []string{"x"}}).
		Copy(other, "/etc", "/etc2", llb.ChmodOpt{ModeStr: "go-w"}, llb.WithUser("1000"))
	return []Case{
		{"file-actions", base().File(actions, llb.WithCustomName("prepare"))},
		{"file-copies", base().File(copies)},
		{"file-scratch", llb.Scratch().File(llb.Copy(base(), "/etc/ssl/certs", "/etc/ssl/certs").Mkfile("/etc/passwd", 0o644, []byte("x"), llb.WithUser("nobody")))},
		{"file-same", base().File(llb.Copy(base(), "/a", "/b"))},
	}
}

func graphs() []Case {
	a := llb.Scratch().File(llb.Mkfile("/a", 0o644, []byte("a")))
	b := llb.Scratch().File(llb.Mkfile("/b", 0o644, []byte("b")))
	one := base().Run(llb.Args([]string{"build"}), llb.AddMount("/one", llb.Scratch()), llb.AddMount("/two", llb.Scratch()))
	file := llb.NewSourceMap(nil, "Dockerfile", "TOML", []byte("# syntax=x\n[images.api]\n"))
	lines := func(from, to int32) []*pb.Range {
		return []*pb.Range{{Start: &pb.Position{Line: from}, End: &pb.Position{Line: to}}}
	}
	named := base().Run(llb.Args([]string{"x"}), file.Location(lines(2, 2)), llb.WithCustomName("first")).Root()
	again := base().Run(llb.Args([]string{"x"}), file.Location(lines(1, 2)), llb.WithDescription(map[string]string{"other": "key"}), llb.IgnoreCache).Root()
	return []Case{
		{"scratch", llb.Scratch()},
		{"merge", llb.Merge([]llb.State{base(), llb.Scratch(), a, b, a}, llb.WithCustomName("assemble"))},
		{"diff", llb.Diff(base(), one.Root())},
		{"diff-to-scratch", llb.Diff(base(), llb.Scratch())},
		{"merge-of-diffs", llb.Merge([]llb.State{base(), llb.Diff(base(), one.Root()), one.GetMount("/two")})},
		{"diamond", llb.Scratch().File(llb.Copy(one.GetMount("/one"), "/", "/1").Copy(one.GetMount("/two"), "/", "/2").Copy(one.Root(), "/etc", "/3"))},
		{"source-map", llb.Scratch().File(llb.Copy(named, "/", "/n").Copy(again, "/", "/a"), file.Location(lines(2, 2)))},
	}
}
