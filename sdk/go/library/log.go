// Logging: package slog, by way of the host.
package skep

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"skep/bindings/wasi_logging_logging"
)

// LevelTrace and LevelCritical are the host's levels that slog has no names for.
const (
	LevelTrace    = slog.LevelDebug - 4
	LevelCritical = slog.LevelError + 4
)

func init() {
	slog.SetDefault(Logger(""))
}

// Logger gives a logger whose records the host groups under a word. slog's default logger is Logger("").
func Logger(group string) *slog.Logger {
	return slog.New(handler{context: group})
}

// handler writes attributes behind the message, as key=value.
type handler struct {
	context string
	prefix  string // of keys
	attrs   string
}

func (handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(_ context.Context, record slog.Record) error {
	var line strings.Builder
	line.WriteString(record.Message)
	line.WriteString(h.attrs)
	record.Attrs(func(attr slog.Attr) bool {
		line.WriteString(written(h.prefix, attr))
		return true
	})
	wasi_logging_logging.Log(level(record.Level), h.context, line.String())
	return nil
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, attr := range attrs {
		h.attrs += written(h.prefix, attr)
	}
	return h
}

func (h handler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.prefix += name + "."
	}
	return h
}

func written(prefix string, attr slog.Attr) string {
	value := attr.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		return fmt.Sprintf(" %s%s=%v", prefix, attr.Key, value)
	}
	if attr.Key != "" {
		prefix += attr.Key + "."
	}
	var all strings.Builder
	for _, inner := range value.Group() {
		all.WriteString(written(prefix, inner))
	}
	return all.String()
}

func level(level slog.Level) wasi_logging_logging.Level {
	switch {
	case level < slog.LevelDebug:
		return wasi_logging_logging.LevelTrace
	case level < slog.LevelInfo:
		return wasi_logging_logging.LevelDebug
	case level < slog.LevelWarn:
		return wasi_logging_logging.LevelInfo
	case level < slog.LevelError:
		return wasi_logging_logging.LevelWarn
	case level < LevelCritical:
		return wasi_logging_logging.LevelError
	default:
		return wasi_logging_logging.LevelCritical
	}
}
