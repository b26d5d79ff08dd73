// Other skills: those that the operator granted with --skill.
package skep

import (
	"encoding/json"
	"fmt"
	"strings"

	"skep/bindings/skep_skill_skills"
	"skep/wit/types"
)

// Fault is why a call of another skill didn't end well.
type Fault struct {
	Code    string // the host's code for it, as in tool_error, denied, deadline
	Message string
}

func (f *Fault) Error() string { return f.Code + ": " + f.Message }

// CallSkill calls a tool of another skill and waits for its answer. The tool may be empty where the skill has
// only one; no input is {}. What the callee or the host makes of the call is a [*Fault].
func CallSkill[Out any](skill, tool string, input any) (Out, error) {
	var out Out
	if input == nil {
		input = struct{}{}
	}
	text, err := json.Marshal(input)
	if err != nil {
		return out, fmt.Errorf("the input for %s: %w", skill, err)
	}
	name := types.None[string]()
	if tool != "" {
		name = types.Some(tool)
	}
	answer := skep_skill_skills.Call(skill, name, string(text))
	if answer.IsErr() {
		return out, fault(answer.Err())
	}
	if err := json.Unmarshal([]byte(answer.Ok()), &out); err != nil {
		return out, fmt.Errorf("the answer of %s: %w", skill, err)
	}
	return out, nil
}

// Skill is one that may be called.
type Skill struct {
	Name, Version, Description string
	Capabilities               []string // what it offers, in dotted words such as csv.read
	Tools                      []SkillTool
}

// SkillTool is one tool of a skill.
type SkillTool struct {
	Name, Description string
	InputSchema       string // JSON Schema
	OutputSchema      string // JSON Schema, or empty
}

// FindSkills gives the skills that may be called and offer a capability, the closest match first; all of them
// for an empty text.
func FindSkills(capability string) ([]Skill, error) {
	answer := skep_skill_skills.Find(capability)
	if answer.IsErr() {
		return nil, fault(answer.Err())
	}
	var skills []Skill
	for _, found := range answer.Ok() {
		skill := Skill{
			Name:         strings.Clone(found.Name),
			Version:      strings.Clone(found.Version),
			Description:  strings.Clone(found.Description),
			Capabilities: cloned(found.Capabilities),
		}
		for _, tool := range found.Tools {
			skill.Tools = append(skill.Tools, SkillTool{
				Name:         strings.Clone(tool.Name),
				Description:  strings.Clone(tool.Description),
				InputSchema:  strings.Clone(tool.InputSchema),
				OutputSchema: strings.Clone(tool.OutputSchema.SomeOr("")),
			})
		}
		skills = append(skills, skill)
	}
	return skills, nil
}

func fault(found skep_skill_skills.Fault) error {
	return &Fault{strings.Clone(found.Code), strings.Clone(found.Message)}
}
