// Package tool keeps the declared tools, and calls them.
package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
)

// Tool is one declared tool.
type Tool struct {
	Name, Description string
	Input             string // JSON Schema
	Output            string // JSON Schema, or empty
	run               func(context.Context, []byte) ([]byte, error)
}

// InvalidInput is an error of the caller's.
type InvalidInput struct{ Reason string }

func (e *InvalidInput) Error() string { return e.Reason }

var declared []*Tool

// All gives the tools in the order of their declaration.
func All() []*Tool { return declared }

// Declare adds a tool. It panics on a name given twice or a type that JSON can't carry: both are the
// programmer's, and are seen when the skill is first looked at.
func Declare[In, Out any](name, description string, run func(context.Context, In) (Out, error)) {
	if find(name) != nil {
		panic(fmt.Sprintf("skep: tool %q is declared twice", name))
	}
	declared = append(declared, &Tool{
		Name:        name,
		Description: description,
		Input:       inputSchema(name, reflect.TypeFor[In]()),
		Output:      outputSchema(name, reflect.TypeFor[Out]()),
		run: func(ctx context.Context, input []byte) ([]byte, error) {
			var in In
			if err := json.Unmarshal(input, &in); err != nil {
				return nil, &InvalidInput{err.Error()}
			}
			out, err := run(ctx, in)
			if err != nil {
				return nil, err
			}
			return json.Marshal(out)
		},
	})
}

func find(name string) *Tool {
	for _, tool := range declared {
		if tool.Name == name {
			return tool
		}
	}
	return nil
}

// Call runs a tool. A panic becomes an error, and its stack goes to standard error.
func Call(ctx context.Context, name, input string) (output string, err error) {
	tool := find(name)
	if tool == nil {
		return "", &InvalidInput{fmt.Sprintf("there is no tool %q", name)}
	}
	defer func() {
		if reason := recover(); reason != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n%s", reason, debug.Stack())
			err = fmt.Errorf("panic: %v", reason)
		}
	}()
	answer, err := tool.run(ctx, []byte(input))
	return string(answer), err
}

// IsInvalidInput tells the caller's errors from the tool's.
func IsInvalidInput(err error) bool {
	var invalid *InvalidInput
	return errors.As(err, &invalid)
}
