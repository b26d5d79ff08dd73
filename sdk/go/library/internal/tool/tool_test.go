// Declaring and calling tools, and the schemas of their types.
package tool

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Tags []string `json:"tags,omitempty" doc:"Words"`
}

type everything struct {
	inner
	Count  uint8           `json:"count"`
	Ratio  *float64        `json:"ratio"`
	Kind   string          `json:"kind" enum:"a,b"`
	Any    json.RawMessage `json:"any"`
	When   time.Time       `json:"when"`
	Bytes  []byte          `json:"bytes"`
	Pair   [2]bool         `json:"pair"`
	Self   *everything     `json:"self"`
	Hidden int             `json:"-"`
	secret int
}

const asInput = `{"additionalProperties":false,"properties":{"any":{},"bytes":{"contentEncoding":"base64","type":"string"},` +
	`"count":{"minimum":0,"type":"integer"},"kind":{"enum":["a","b"],"type":"string"},` +
	`"pair":{"items":{"type":"boolean"},"maxItems":2,"minItems":2,"type":"array"},"ratio":{"type":["number","null"]},"self":{},` +
	`"tags":{"description":"Words","items":{"type":"string"},"type":"array"},"when":{"format":"date-time","type":"string"}},` +
	`"required":["count","kind","any","when","bytes","pair"],"type":"object"}`

func TestSchemas(t *testing.T) {
	if found := inputSchema("t", reflect.TypeFor[everything]()); found != asInput {
		t.Errorf("got  %s\nwant %s", found, asInput)
	}
	answer := outputSchema("t", reflect.TypeFor[map[string][]int]())
	if want := `{"additionalProperties":{"items":{"type":"integer"},"type":["array","null"]},"type":["object","null"]}`; answer != want {
		t.Errorf("got  %s\nwant %s", answer, want)
	}
	if answer := outputSchema("t", reflect.TypeFor[any]()); answer != "" {
		t.Errorf("anything has the schema %s", answer)
	}
}

func TestCalls(t *testing.T) {
	declared = nil
	Declare("half", "", func(_ context.Context, in struct{ N int }) (int, error) {
		if in.N%2 != 0 {
			return 0, errors.New("odd")
		}
		return 100 / (in.N / 2), nil
	})
	for _, row := range []struct {
		name, input, output, says string
		invalid                   bool
	}{
		{"half", `{"N":4}`, "50", "", false},
		{"half", `{"N":3}`, "", "odd", false},
		{"half", `{"N":0}`, "", "divide by zero", false},
		{"half", `{"N":"x"}`, "", "cannot unmarshal", true},
		{"third", `{}`, "", "no tool", true},
	} {
		output, err := Call(context.Background(), row.name, row.input)
		says := ""
		if err != nil {
			says = err.Error()
		}
		if output != row.output || !strings.Contains(says, row.says) || IsInvalidInput(err) != row.invalid {
			t.Errorf("%s %s: got %q, %v", row.name, row.input, output, err)
		}
	}
}

func TestMistakesOfTheProgrammer(t *testing.T) {
	for name, declare := range map[string]func(){
		"twice": func() {
			run := func(context.Context, inner) (int, error) { return 0, nil }
			Declare("t", "", run)
			Declare("t", "", run)
		},
		"no object": func() { Declare("n", "", func(context.Context, int) (int, error) { return 0, nil }) },
		"no JSON":   func() { Declare("c", "", func(context.Context, inner) (chan int, error) { return nil, nil }) },
	} {
		declared = nil
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was accepted", name)
				}
			}()
			declare()
		}()
	}
}
