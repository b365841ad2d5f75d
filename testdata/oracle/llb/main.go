// Command llboracle writes what BuildKit's own client makes of a list of states, for the Rust side to compare with.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/llbsolver"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	digest "github.com/opencontainers/go-digest"
)

// Op is one op of a definition.
type Op struct {
	Digest      digest.Digest     `json:"digest"`
	Bytes       string            `json:"bytes"`
	Caps        []string          `json:"caps"`
	Description map[string]string `json:"description,omitempty"`
	IgnoreCache bool              `json:"ignore_cache,omitempty"`
	ExportCache *bool             `json:"export_cache,omitempty"`
	Group       string            `json:"progress_group,omitempty"`
	Locations   []string          `json:"locations,omitempty"`
}

// Recorded is one definition.
type Recorded struct {
	Name string `json:"name"`
	Ops  []Op   `json:"ops"`
}

// Record is the file.
type Record struct {
	BuildKit    string     `json:"buildkit"`
	Caps        []string   `json:"caps"`
	Definitions []Recorded `json:"definitions"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "llboracle:", err)
		os.Exit(1)
	}
}

func run() error {
	record := Record{BuildKit: buildkitVersion(), Caps: enabledCaps()}
	for _, c := range cases() {
		recorded, err := recordCase(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		record.Definitions = append(record.Definitions, recorded)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	return encoder.Encode(record)
}

// enabledCaps lists the capabilities that this BuildKit has and has enabled.
func enabledCaps() []string {
	set := pb.Caps.CapSet(pb.Caps.All())
	var ids []string
	for _, c := range pb.Caps.All() {
		if set.Supports(apicaps.CapID(c.ID)) == nil {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func recordCase(c Case) (Recorded, error) {
	// With capabilities known, the client leaves PATH to the daemon, as every current one does.
	caps := llb.WithCaps(pb.Caps.CapSet(pb.Caps.All()))
	def, err := c.State.Marshal(context.Background(), caps, llb.LinuxAmd64, llb.LocalUniqueID("unused"))
	if err != nil {
		return Recorded{}, err
	}
	if err := checkLoad(def); err != nil {
		return Recorded{}, err
	}
	recorded := Recorded{Name: c.Name, Ops: []Op{}}
	for _, dt := range def.Def {
		recorded.Ops = append(recorded.Ops, op(def, dt))
	}
	return recorded, nil
}

func op(def *llb.Definition, dt []byte) Op {
	dgst := digest.FromBytes(dt)
	md := def.Metadata[dgst]
	o := Op{Digest: dgst, Bytes: hex.EncodeToString(dt), Caps: []string{}, Description: md.Description, IgnoreCache: md.IgnoreCache}
	for id := range md.Caps {
		o.Caps = append(o.Caps, string(id))
	}
	slices.Sort(o.Caps)
	if md.ExportCache != nil {
		o.ExportCache = &md.ExportCache.Value
	}
	if g := md.ProgressGroup; g != nil {
		o.Group = fmt.Sprintf("%s/%s/%v", g.Id, g.Name, g.Weak)
	}
	if locations := def.Source.Locations[dgst.String()]; locations != nil {
		for _, l := range locations.Locations {
			info := def.Source.Infos[l.SourceIndex]
			for _, r := range l.Ranges {
				o.Locations = append(o.Locations, fmt.Sprintf("%s (%s, %d bytes):%d-%d", info.Filename, info.Language, len(info.Data), r.Start.Line, r.End.Line))
			}
		}
	}
	return o
}

// checkLoad runs the daemon's own loader over the definition: it marshals every op again and must find the same digest.
func checkLoad(def *llb.Definition) error {
	head, err := def.Head()
	if err != nil || head == "" {
		return err
	}
	edge, err := llbsolver.Load(context.Background(), def.ToPB(), nil, llbsolver.WithValidateCaps())
	if err != nil {
		return err
	}
	if got := edge.Vertex.Digest(); got != head {
		return fmt.Errorf("the daemon finds %s where the client wrote %s", got, head)
	}
	return nil
}
