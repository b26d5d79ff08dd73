//! Makes a Skep skill of Zig functions.
//!
//!     fn add(call: *skep.Call, in: struct { a: i64, b: i64 }) !struct { sum: i64 } { … }
//!
//!     comptime {
//!         skep.skill(&.{skep.tool("add", "Adds two numbers.", add)});
//!     }

const std = @import("std");
const abi = @import("abi.zig");
const schema = @import("schema.zig");

pub const Call = @import("call.zig").Call;
pub const Bucket = @import("state.zig").Bucket;
pub const Skill = @import("skills.zig").Skill;
pub const Level = @import("call.zig").Level;

/// The errors that a tool's own error stands for: see `Call.fail` and `Call.invalid`.
pub const Error = error{ Failed, InvalidInput };

/// One tool.
pub const Tool = struct {
    name: []const u8,
    description: []const u8,
    input: []const u8,
    output: ?[]const u8,
    run: *const fn (call: *Call, input: []const u8) anyerror![]const u8,
};

/// Declares a tool: a function of a call and its input, a struct. Schemas come from the types: a field with a
/// default may be left out, and `pub const docs = .{ .field = "…" };` in a struct describes its fields. The answer
/// is anything that std.json writes.
///
/// An error of the function is the tool's failure, in the words given to `Call.fail`, else by its name.
pub fn tool(comptime name: []const u8, comptime description: []const u8, comptime function: anytype) Tool {
    const info = @typeInfo(@TypeOf(function)).@"fn";
    const Input = info.param_types[1].?;
    const Answer = info.return_type.?;
    const Output = switch (@typeInfo(Answer)) {
        .error_union => |may_fail| may_fail.payload,
        else => Answer,
    };
    const runner = struct {
        fn run(call: *Call, text: []const u8) anyerror![]const u8 {
            const input = std.json.parseFromSliceLeaky(Input, call.arena, text, .{}) catch |err| {
                return call.invalid("the input is not as the schema says: {t}", .{err});
            };
            const answer = function(call, input);
            const output: Output = if (@typeInfo(Answer) == .error_union) try answer else answer;
            return std.json.Stringify.valueAlloc(call.arena, output, .{});
        }
    };
    return .{
        .name = name,
        .description = description,
        .input = schema.of(Input) orelse "{}",
        .output = schema.of(Output),
        .run = runner.run,
    };
}

/// Makes the skill of its tools. Call it once, at compile time.
pub fn skill(comptime tools: []const Tool) void {
    const exports = struct {
        const Outcome = extern struct {
            failed: bool,
            value: extern union { ok: abi.Bytes, err: abi.Variant },
        };
        const described = described: {
            var list: [tools.len]abi.Tool = undefined;
            for (tools, &list) |one, *to| {
                to.* = .{
                    .name = .of(one.name),
                    .description = .of(one.description),
                    .input_schema = .of(one.input),
                    .output_schema = .of(one.output),
                };
            }
            const all = list;
            break :described all;
        };
        const listed: abi.List(abi.Tool) = .{ .ptr = &described, .len = described.len };
        var outcome: Outcome = undefined;

        fn listTools() callconv(.c) *const abi.List(abi.Tool) {
            return &listed;
        }

        fn callTool(name: [*]const u8, name_len: usize, input: [*]const u8, input_len: usize) callconv(.c) *const Outcome {
            var call: Call = .init(memory.allocator());
            const answer = run(&call, name[0..name_len], input[0..input_len]);
            outcome = if (answer) |text| .{ .failed = false, .value = .{ .ok = .of(text) } } else |err| refused: {
                const reason = call.reason(err);
                const told: abi.Variant = .{ .tag = if (reason.is_callers) 0 else 1, .text = .of(reason.message) };
                break :refused .{ .failed = true, .value = .{ .err = told } };
            };
            return &outcome;
        }

        fn run(call: *Call, name: []const u8, input: []const u8) anyerror![]const u8 {
            for (tools) |one| {
                if (!std.mem.eql(u8, one.name, name)) continue;
                // Only a call that breaks shows the host that its memory ran out.
                return one.run(call, input) catch |err| if (err == error.OutOfMemory) @panic("out of memory") else err;
            }
            return call.invalid("there is no tool `{s}`", .{name});
        }

        /// The host has read the answer: what the call had in memory goes.
        fn done(_: *const Outcome) callconv(.c) void {
            _ = memory.reset(.{ .retain_with_limit = memory_kept_max });
        }
    };
    @export(&exports.listTools, .{ .name = "skep:skill/tools@0.1.0#list-tools" });
    @export(&exports.callTool, .{ .name = "skep:skill/tools@0.1.0#call-tool" });
    @export(&exports.done, .{ .name = "cabi_post_skep:skill/tools@0.1.0#call-tool" });
    @export(&reallocate, .{ .name = "cabi_realloc" });
}

/// How much memory an instance keeps from one call to the next.
const memory_kept_max = 1 << 20;

/// All that a call takes; what the host gives is put here too.
var memory: std.heap.ArenaAllocator = .init(std.heap.wasm_allocator);

fn reallocate(old: ?[*]u8, old_len: usize, alignment: usize, len: usize) callconv(.c) [*]u8 {
    if (len == 0) return @ptrFromInt(alignment);
    const made = memory.allocator().rawAlloc(len, .fromByteUnits(alignment), @returnAddress()) orelse
        @panic("out of memory");
    if (old) |from| @memcpy(made[0..@min(old_len, len)], from[0..@min(old_len, len)]);
    return made;
}

test {
    _ = schema;
}
