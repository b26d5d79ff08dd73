//! Other skills: those that the operator granted with --skill.

const std = @import("std");
const abi = @import("abi.zig");
const Call = @import("call.zig").Call;
const texts = @import("call.zig").texts;

/// A skill that may be called.
pub const Skill = struct {
    name: []const u8,
    version: []const u8,
    description: []const u8,
    /// What it offers, in dotted words such as csv.read.
    capabilities: []const []const u8,
    tools: []const Tool,

    pub const Tool = struct {
        name: []const u8,
        description: []const u8,
        /// JSON Schema.
        input_schema: []const u8,
        /// JSON Schema, if the output has a fixed shape.
        output_schema: ?[]const u8,
    };
};

pub fn callTool(own: *Call, Output: type, skill: []const u8, tool: ?[]const u8, input: anytype) !Output {
    const text = try std.json.Stringify.valueAlloc(own.arena, input, .{});
    const name = tool orelse "";
    var answer: abi.FaultOr(abi.Bytes) = undefined;
    abi.skills.call(skill.ptr, skill.len, @intFromBool(tool != null), name.ptr, name.len, text.ptr, text.len, &answer);
    if (answer.failed) return fault(own, answer.value.err);
    return std.json.parseFromSliceLeaky(Output, own.arena, answer.value.ok.get(), .{}) catch |err| {
        return own.fail("the answer of {s} is not as expected: {t}", .{ skill, err });
    };
}

pub fn find(own: *Call, capability: []const u8) ![]const Skill {
    var answer: abi.FaultOr(abi.List(abi.Skill)) = undefined;
    abi.skills.find(capability.ptr, capability.len, &answer);
    if (answer.failed) return fault(own, answer.value.err);
    const found = answer.value.ok.get();
    const made = try own.arena.alloc(Skill, found.len);
    for (found, made) |skill, *to| to.* = .{
        .name = skill.name.get(),
        .version = skill.version.get(),
        .description = skill.description.get(),
        .capabilities = try texts(own.arena, skill.capabilities),
        .tools = try tools(own, skill.tools.get()),
    };
    return made;
}

fn tools(own: *Call, found: []const abi.Tool) ![]const Skill.Tool {
    const made = try own.arena.alloc(Skill.Tool, found.len);
    for (found, made) |tool, *to| to.* = .{
        .name = tool.name.get(),
        .description = tool.description.get(),
        .input_schema = tool.input_schema.get(),
        .output_schema = tool.output_schema.get(),
    };
    return made;
}

fn fault(own: *Call, given: abi.Fault) error{ Failed, OutOfMemory } {
    return own.fail("{s}: {s}", .{ given.code.get(), given.message.get() });
}
