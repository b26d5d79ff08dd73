// A skill that reads logs: its tools.
package main

import (
	"context"
	"slices"
	"strings"

	"log_parse/formats"
	"skep"
)

// The most that one answer holds.
const (
	recordsMax = 1000
	groupsMax  = 1000
)

// Source is the log, and which of its records count.
type Source struct {
	Path     string            `json:"path" doc:"The log, as in /logs/access.log"`
	Format   string            `json:"format,omitempty" enum:"auto,access,json,logfmt" doc:"How its lines are written; found out if left out"`
	Where    map[string]string `json:"where,omitempty" doc:"Fields and the values that they must have, as in {\"status\": \"404\"}"`
	Contains string            `json:"contains,omitempty" doc:"Text that must be in the line"`
}

type filterInput struct {
	Source
	Limit int `json:"limit,omitempty" doc:"How many records at most; 100 if left out, never more than 1000"`
}

type filtered struct {
	Records []formats.Record `json:"records"`
	Matched int              `json:"matched" doc:"How many records match, those past the limit too"`
	Seen
}

type countInput struct {
	Source
	By  string `json:"by" doc:"The field whose values are counted, as in status, level, path"`
	Top int    `json:"top,omitempty" doc:"How many values at most, the most frequent first; 20 if left out"`
}

type group struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

type counted struct {
	Groups []group `json:"groups"`
	Others int     `json:"others" doc:"Matching records whose value isn't listed"`
	Seen
}

func init() {
	skep.Tool("filter", "The records of a log that match: access logs (common and combined), JSON lines and "+
		"key=value lines. Access logs have the fields host, user, time, method, path, protocol, status, bytes, referer, agent.", filter)
	skep.Tool("count", "How often each value of a field occurs in a log's matching records.", count)
}

func filter(ctx context.Context, in filterInput) (filtered, error) {
	limit := bounded(in.Limit, 100, recordsMax)
	answer := filtered{Records: []formats.Record{}}
	seen, err := in.Source.each(ctx, func(record formats.Record) {
		answer.Matched++
		if len(answer.Records) < limit {
			answer.Records = append(answer.Records, record)
		}
	})
	answer.Seen = seen
	return answer, err
}

func count(ctx context.Context, in countInput) (counted, error) {
	counts := map[string]int{}
	matched := 0
	seen, err := in.Source.each(ctx, func(record formats.Record) {
		matched++
		value, has := record[in.By]
		if _, known := counts[value]; has && (known || len(counts) < groupsMax) {
			counts[value]++
		}
	})
	if err == nil && matched > 0 && len(counts) == 0 {
		return counted{}, skep.InvalidInput("no matching record has a field %q", in.By)
	}
	groups := make([]group, 0, len(counts))
	for value, count := range counts {
		groups = append(groups, group{value, count})
	}
	slices.SortFunc(groups, func(a, b group) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Value, b.Value)
	})
	groups = groups[:min(len(groups), bounded(in.Top, 20, groupsMax))]
	for _, listed := range groups {
		matched -= listed.Count
	}
	return counted{groups, matched, seen}, err
}

func bounded(wanted, usual, most int) int {
	if wanted <= 0 {
		return usual
	}
	return min(wanted, most)
}

func main() {}
