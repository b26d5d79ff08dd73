// Package formats goes from a line of a log to a record.
package formats

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Record is the fields of one line.
type Record map[string]string

var parsers = map[string]func(string) (Record, bool){"access": access, "json": jsonLine, "logfmt": logfmt}

// Of finds out how a line is written; empty if it can't.
func Of(text string) string {
	for _, format := range []string{"json", "access", "logfmt"} {
		if _, good := parsers[format](text); good {
			return format
		}
	}
	return ""
}

// Parse reads a line that is written like that.
func Parse(format, text string) (Record, bool) {
	parser, known := parsers[format]
	if !known {
		return nil, false
	}
	return parser(text)
}

// quoted is text in quotes, in which a backslash escapes.
const quoted = `"((?:[^"\\]|\\.)*)"`

var accessLine = regexp.MustCompile(`^(\S+) \S+ (\S+) \[([^\]]+)\] ` + quoted + ` (\d{3}) (\d+|-)(?: ` + quoted + ` ` + quoted + `)?`)

// access reads the common and the combined log format.
func access(text string) (Record, bool) {
	parts := accessLine.FindStringSubmatch(text)
	if parts == nil {
		return nil, false
	}
	record := Record{"host": parts[1], "user": parts[2], "time": parts[3], "status": parts[5], "bytes": parts[6]}
	request := strings.Fields(parts[4])
	for i, name := range []string{"method", "path", "protocol"} {
		if i < len(request) {
			record[name] = request[i]
		}
	}
	if parts[7] != "" || parts[8] != "" {
		record["referer"], record["agent"] = parts[7], parts[8]
	}
	return record, true
}

// jsonLine reads an object; what is no string stays as its JSON.
func jsonLine(text string) (Record, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil || fields == nil {
		return nil, false
	}
	record := Record{}
	for name, raw := range fields {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw)
		}
		record[name] = value
	}
	return record, true
}

var pair = regexp.MustCompile(`([A-Za-z_][\w.-]*)=(?:` + quoted + `|(\S*))`)

// logfmt reads key=value pairs; text between them isn't kept.
func logfmt(text string) (Record, bool) {
	pairs := pair.FindAllStringSubmatch(text, -1)
	record := Record{}
	for _, parts := range pairs {
		record[parts[1]] = strings.ReplaceAll(parts[2]+parts[3], `\"`, `"`)
	}
	return record, len(pairs) > 0
}
