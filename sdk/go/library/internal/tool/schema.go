// Package tool, the schemas: JSON Schema from Go types.
package tool

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

type schema map[string]any

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	timeType      = reflect.TypeFor[time.Time]()
)

// reader walks types. Answers differ from inputs in one thing: a slice or map that is nil is written as null.
type reader struct {
	tool   string
	answer bool
	within []reflect.Type
}

func inputSchema(tool string, t reflect.Type) string {
	if kind := t.Kind(); kind != reflect.Struct && kind != reflect.Map {
		panic(fmt.Sprintf("skep: tool %q: the input must be a struct or a map, not %v", tool, t))
	}
	return text((&reader{tool: tool}).of(t))
}

func outputSchema(tool string, t reflect.Type) string {
	found := (&reader{tool: tool, answer: true}).of(t)
	if len(found) == 0 {
		return ""
	}
	return text(found)
}

func text(s schema) string {
	bytes, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(bytes)
}

// of gives the schema of a type; an empty one where anything goes.
func (r *reader) of(t reflect.Type) schema {
	switch {
	case t == timeType:
		return schema{"type": "string", "format": "date-time"}
	case t.Implements(jsonMarshaler):
		return schema{}
	case t.Implements(textMarshaler):
		return schema{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Interface:
		return schema{}
	case reflect.Pointer:
		return orNull(r.of(t.Elem()))
	case reflect.Array, reflect.Slice:
		return r.list(t)
	case reflect.Map:
		return r.perhapsNil(schema{"type": "object", "additionalProperties": r.of(t.Elem())})
	case reflect.Struct:
		return r.object(t)
	}
	panic(fmt.Sprintf("skep: tool %q: JSON can't carry a %v", r.tool, t))
}

func (r *reader) list(t reflect.Type) schema {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return r.perhapsNil(schema{"type": "string", "contentEncoding": "base64"})
	}
	list := schema{"type": "array", "items": r.of(t.Elem())}
	if t.Kind() == reflect.Array {
		list["minItems"], list["maxItems"] = t.Len(), t.Len()
		return list
	}
	return r.perhapsNil(list)
}

func (r *reader) perhapsNil(s schema) schema {
	if r.answer {
		return orNull(s)
	}
	return s
}

func orNull(s schema) schema {
	if kind, ok := s["type"].(string); ok {
		s["type"] = []string{kind, "null"}
	}
	return s
}

// object describes a struct. A type within itself is any value.
func (r *reader) object(t reflect.Type) schema {
	for _, outer := range r.within {
		if outer == t {
			return schema{}
		}
	}
	r.within = append(r.within, t)
	defer func() { r.within = r.within[:len(r.within)-1] }()
	properties, required := schema{}, []string{}
	r.fields(t, properties, &required)
	return schema{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func (r *reader) fields(t reflect.Type, properties schema, required *[]string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" && options == "":
			continue
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			r.fields(field.Type, properties, required)
			continue
		case !field.IsExported():
			continue
		case name == "":
			name = field.Name
		}
		properties[name] = r.field(field)
		optional := field.Type.Kind() == reflect.Pointer && !r.answer
		if !optional && !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}

// field adds what the tags say: `doc:"…"` and `enum:"a,b"`.
func (r *reader) field(field reflect.StructField) schema {
	found := r.of(field.Type)
	if doc := field.Tag.Get("doc"); doc != "" {
		found["description"] = doc
	}
	if values := field.Tag.Get("enum"); values != "" {
		found["enum"] = strings.Split(values, ",")
	}
	return found
}
