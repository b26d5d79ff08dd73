// How lines become records.
package formats

import (
	"maps"
	"testing"
)

func TestFormats(t *testing.T) {
	combined := `203.0.113.9 - ann [10/Oct/2026:13:55:36 +0000] "GET /a?b=\"c\" HTTP/1.1" 404 12 "-" "curl/8 (x)"`
	for _, row := range []struct {
		line, format string
		want         Record
	}{
		{combined, "access", Record{"host": "203.0.113.9", "user": "ann", "time": "10/Oct/2026:13:55:36 +0000", "method": "GET",
			"path": `/a?b=\"c\"`, "protocol": "HTTP/1.1", "status": "404", "bytes": "12", "referer": "-", "agent": "curl/8 (x)"}},
		{`::1 - - [x] "" 200 -`, "access", Record{"host": "::1", "user": "-", "time": "x", "status": "200", "bytes": "-"}},
		{`{"level":"warn","n":12,"o":{"p":null}}`, "json", Record{"level": "warn", "n": "12", "o": `{"p":null}`}},
		{`time=now level=info msg="it said \"no\"" empty=`, "logfmt", Record{"time": "now", "level": "info", "msg": `it said "no"`, "empty": ""}},
		{"no log at all", "", nil},
		{"null", "", nil},
	} {
		format := Of(row.line)
		record, _ := Parse(format, row.line)
		if format != row.format || !maps.Equal(record, row.want) {
			t.Errorf("%s\n got %q %v\nwant %q %v", row.line, format, record, row.format, row.want)
		}
	}
}
