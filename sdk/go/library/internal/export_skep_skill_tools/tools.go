// Package export_skep_skill_tools is what the host calls: the interface skep:skill/tools.
package export_skep_skill_tools

import (
	"skep/bindings/skep_skill_tools"
	"skep/internal/call"
	"skep/internal/tool"
	"skep/wit/types"
)

// ListTools describes the declared tools.
func ListTools() []skep_skill_tools.Tool {
	var list []skep_skill_tools.Tool
	for _, t := range tool.All() {
		output := types.None[string]()
		if t.Output != "" {
			output = types.Some(t.Output)
		}
		list = append(list, skep_skill_tools.Tool{
			Name: t.Name, Description: t.Description, InputSchema: t.Input, OutputSchema: output,
		})
	}
	return list
}

// CallTool calls one.
func CallTool(name, input string) types.Result[string, skep_skill_tools.Error] {
	output, err := tool.Call(call.Context(), name, input)
	switch {
	case err == nil:
		return types.Ok[string, skep_skill_tools.Error](output)
	case tool.IsInvalidInput(err):
		return types.Err[string](skep_skill_tools.MakeErrorInvalidInput(err.Error()))
	default:
		return types.Err[string](skep_skill_tools.MakeErrorFailed(err.Error()))
	}
}
