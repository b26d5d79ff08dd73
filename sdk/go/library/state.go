// State: what a skill remembers between calls.
package skep

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	states "skep/bindings/skep_skill_state"
	atomics "skep/bindings/wasi_keyvalue_atomics"
	store "skep/bindings/wasi_keyvalue_store"
	"skep/wit/types"
)

// Bucket holds values by key. It belongs to the skill, whatever its version.
type Bucket string

// The buckets there are.
const (
	Hot     Bucket = "hot"     // fast; may be lost with the message bus
	Durable Bucket = "durable" // kept in the database
)

// ErrNoSuchBucket is the error of a bucket that is neither Hot nor Durable.
var ErrNoSuchBucket = errors.New("no such bucket: there are hot and durable")

// Get gives the value of a key, and whether there is one.
func (b Bucket) Get(key string) (value []byte, found bool, err error) {
	open, err := b.open()
	if err != nil {
		return nil, false, err
	}
	defer open.Drop()
	answer := open.Get(key)
	if answer.IsErr() {
		return nil, false, storeError(answer.Err())
	}
	value, found = answer.Ok().Get()
	return bytes.Clone(value), found, nil
}

// Set stores a value.
func (b Bucket) Set(key string, value []byte) error {
	open, err := b.open()
	if err != nil {
		return err
	}
	defer open.Drop()
	return done(open.Set(key, value))
}

// Delete removes a key; it is no error if there is none.
func (b Bucket) Delete(key string) error {
	open, err := b.open()
	if err != nil {
		return err
	}
	defer open.Drop()
	return done(open.Delete(key))
}

// Increment adds to a number that is kept as decimal text, from 0 if there is none, and gives the sum.
func (b Bucket) Increment(key string, delta uint64) (uint64, error) {
	open, err := b.open()
	if err != nil {
		return 0, err
	}
	defer open.Drop()
	answer := atomics.Increment(open, key, delta)
	if answer.IsErr() {
		return 0, storeError(answer.Err())
	}
	return answer.Ok(), nil
}

// Swap sets a key to value if it is expected, and says whether it was. nil is no value.
func (b Bucket) Swap(key string, expected, value []byte) (bool, error) {
	open, err := b.open()
	if err != nil {
		return false, err
	}
	defer open.Drop()
	answer := states.CompareAndSet(open, key, optional(expected), optional(value))
	if answer.IsErr() {
		return false, storeError(answer.Err())
	}
	return answer.Ok(), nil
}

// Keys gives all keys, in no order.
func (b Bucket) Keys() ([]string, error) {
	open, err := b.open()
	if err != nil {
		return nil, err
	}
	defer open.Drop()
	var keys []string
	for cursor := types.None[uint64](); ; {
		answer := open.ListKeys(cursor)
		if answer.IsErr() {
			return nil, storeError(answer.Err())
		}
		page := answer.Ok()
		keys = append(keys, cloned(page.Keys)...)
		if cursor = page.Cursor; cursor.IsNone() {
			return keys, nil
		}
	}
}

// Opens the bucket for one operation: a session outlives its calls, and what is left open would fill the host's
// table of it before the collector looks.
func (b Bucket) open() (*store.Bucket, error) {
	answer := store.Open(string(b))
	if answer.IsErr() {
		return nil, storeError(answer.Err())
	}
	return answer.Ok(), nil
}

func optional(value []byte) types.Option[[]uint8] {
	if value == nil {
		return types.None[[]uint8]()
	}
	return types.Some(value)
}

func done(answer types.Result[types.Unit, store.Error]) error {
	if answer.IsErr() {
		return storeError(answer.Err())
	}
	return nil
}

func storeError(err store.Error) error {
	switch err.Tag() {
	case store.ErrorNoSuchStore:
		return ErrNoSuchBucket
	case store.ErrorAccessDenied:
		return errors.New("state: access denied")
	default:
		return fmt.Errorf("state: %s", strings.Clone(err.Other()))
	}
}
