// Package skep makes a Skep skill of Go functions.
//
//	func init() {
//		skep.Tool("add", "Adds two numbers.", func(ctx context.Context, in Add) (Sum, error) {
//			return Sum{in.A + in.B}, nil
//		})
//	}
//
//	func main() {} // never called
//
// Files are those of package os: the directories that the operator granted, by their absolute paths.
package skep

import (
	"context"
	"fmt"
	"strings"
	"time"

	host "skep/bindings/skep_skill_context"
	_ "skep/bindings/wit_exports" // what the host calls
	"skep/internal/tool"
	"skep/wit/types"
)

// Tool declares a tool; call it in an init function. The schemas come from In, a struct or a map, and Out, by the
// rules of encoding/json. `doc:"…"` on a field is its description, `enum:"a,b"` lists the strings it may
// be; a pointer or `omitempty` makes it optional.
//
// An error of run is the tool's failure, unless it comes from [InvalidInput]; so is a panic. The context has
// the call's deadline, and its Err method says whether the caller has gone away; its Done channel never closes.
func Tool[In, Out any](name, description string, run func(ctx context.Context, in In) (Out, error)) {
	tool.Declare(name, description, run)
}

// InvalidInput is the error of an input that fits the schema and is still not usable.
func InvalidInput(format string, args ...any) error {
	return &tool.InvalidInput{Reason: fmt.Sprintf(format, args...)}
}

// Call is what a skill may know of the call it serves.
type Call struct {
	ID             string    // a UUID, version 7; log records and the audit carry the same
	Attempt        uint32    // 1, and one more for each retry
	Deadline       time.Time // when the call ends, done or not
	Caller         []string  // the origin first, each later one on behalf of those before it
	IdempotencyKey string    // the caller's key for this piece of work, or empty
	Session        string    // the session, if the skill keeps sessions, or empty
}

// Current gives the call that is being served.
func Current() Call {
	return Call{
		ID:             strings.Clone(host.CallId()),
		Attempt:        host.Attempt(),
		Deadline:       time.UnixMilli(int64(host.Deadline())),
		Caller:         cloned(host.Caller()),
		IdempotencyKey: strings.Clone(host.IdempotencyKey().SomeOr("")),
		Session:        strings.Clone(host.Session().SomeOr("")),
	}
}

// Progress tells the caller how far the work is. A total of 0 is unknown; the message may be empty.
func Progress(done, total uint64, message string) {
	units, words := types.None[uint64](), types.None[string]()
	if total != 0 {
		units = types.Some(total)
	}
	if message != "" {
		words = types.Some(message)
	}
	host.Progress(done, units, words)
}

// cloned copies strings out of the buffer that the host wrote them to, which is much larger than they are.
func cloned(list []string) []string {
	for i, text := range list {
		list[i] = strings.Clone(text)
	}
	return list
}
