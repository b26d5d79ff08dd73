// Going through a log, line by line.
package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"

	"log_parse/formats"
	"skep"
)

// lineMax is the longest line that is read, in bytes.
const lineMax = 1 << 20

// linesPerReport is how often the caller hears of progress.
const linesPerReport = 20000

// Seen is what was gone through.
type Seen struct {
	Lines  int    `json:"lines" doc:"Lines that were read"`
	Broken int    `json:"broken" doc:"Lines that don't fit the format"`
	Format string `json:"format" doc:"How the lines are written"`
}

// each gives every record that matches to a function.
func (s Source) each(ctx context.Context, take func(formats.Record)) (Seen, error) {
	file, err := os.Open(s.Path)
	if err != nil {
		return Seen{}, err
	}
	defer file.Close()
	seen := Seen{Format: s.Format}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, lineMax)
	for lines.Scan() {
		seen.Lines++
		if seen.Lines%linesPerReport == 0 {
			skep.Progress(uint64(seen.Lines), 0, "lines")
			if err := ctx.Err(); err != nil {
				return seen, err
			}
		}
		s.line(lines.Text(), &seen, take)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return seen, skep.InvalidInput("line %d is longer than %d bytes", seen.Lines+1, lineMax)
	case err != nil:
		return seen, err
	case seen.Lines > 0 && seen.Broken == seen.Lines:
		return seen, skep.InvalidInput("no line of %s is in a format that is known: access, json, logfmt", s.Path)
	}
	return seen, nil
}

// line reads one line. The first that fits a format settles the format, if none was given.
func (s Source) line(text string, seen *Seen, take func(formats.Record)) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if seen.Format == "" || seen.Format == "auto" {
		seen.Format = formats.Of(text)
	}
	record, good := formats.Parse(seen.Format, text)
	if !good {
		seen.Broken++
		return
	}
	if strings.Contains(text, s.Contains) && s.matches(record) {
		take(record)
	}
}

func (s Source) matches(record formats.Record) bool {
	for field, value := range s.Where {
		if record[field] != value {
			return false
		}
	}
	return true
}
