// Package types holds the WIT types that Go has no own for: option, result, and the empty answer.
package types

// The tags of an Option.
const (
	OptionNone = 0
	OptionSome = 1
)

// Option is a value that may be missing.
type Option[T any] struct {
	value T
	some  bool
}

// None is the missing value.
func None[T any]() Option[T] { return Option[T]{} }

// Some is a value that is there.
func Some[T any](value T) Option[T] { return Option[T]{value, true} }

// Tag is OptionNone or OptionSome.
func (o Option[T]) Tag() uint8 {
	if o.some {
		return OptionSome
	}
	return OptionNone
}

// Get gives the value, and whether there is one.
func (o Option[T]) Get() (T, bool) { return o.value, o.some }

// IsSome says whether there is a value.
func (o Option[T]) IsSome() bool { return o.some }

// IsNone says whether there is none.
func (o Option[T]) IsNone() bool { return !o.some }

// SomeOr gives the value, or the one given here.
func (o Option[T]) SomeOr(value T) T {
	if o.some {
		return o.value
	}
	return value
}

// Some gives the value. It panics where there is none.
func (o Option[T]) Some() T {
	if !o.some {
		panic("an option without a value was asked for it")
	}
	return o.value
}

// The tags of a Result.
const (
	ResultOk  = 0
	ResultErr = 1
)

// Result is an answer or an error.
type Result[T, E any] struct {
	ok    T
	err   E
	isErr bool
}

// Ok is an answer.
func Ok[T, E any](value T) Result[T, E] { return Result[T, E]{ok: value} }

// Err is an error.
func Err[T, E any](err E) Result[T, E] { return Result[T, E]{err: err, isErr: true} }

// Tag is ResultOk or ResultErr.
func (r Result[T, E]) Tag() uint8 {
	if r.isErr {
		return ResultErr
	}
	return ResultOk
}

// IsOk says whether this is an answer.
func (r Result[T, E]) IsOk() bool { return !r.isErr }

// IsErr says whether this is an error.
func (r Result[T, E]) IsErr() bool { return r.isErr }

// Ok gives the answer. It panics where this is an error.
func (r Result[T, E]) Ok() T {
	if r.isErr {
		panic("a result that is an error was asked for its answer")
	}
	return r.ok
}

// Err gives the error. It panics where this is an answer.
func (r Result[T, E]) Err() E {
	if !r.isErr {
		panic("a result that is an answer was asked for its error")
	}
	return r.err
}

// Unit is the answer that says nothing.
type Unit struct{}
