// Package call is the context.Context of a call: its deadline is the call's, and it is cancelled when the
// caller has gone away.
package call

import (
	"context"
	"time"

	host "skep/bindings/skep_skill_context"
)

type callContext struct{ context.Context }

// Context of the call that is being served.
func Context() context.Context { return callContext{context.Background()} }

func (callContext) Deadline() (time.Time, bool) {
	return time.UnixMilli(int64(host.Deadline())), true
}

// Err asks the host. There is no channel that closes on cancellation: a guest has one thread, and nothing
// wakes it.
func (c callContext) Err() error {
	if host.Cancelled() {
		return context.Canceled
	}
	if end, _ := c.Deadline(); !time.Now().Before(end) {
		return context.DeadlineExceeded
	}
	return nil
}
