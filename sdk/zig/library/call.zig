//! The call that is served: what a tool may know of it, and what the host does for it.

const std = @import("std");
const abi = @import("abi.zig");
const files = @import("files.zig");
const skills = @import("skills.zig");
const Bucket = @import("state.zig").Bucket;

/// How much a message matters.
pub const Level = enum(i32) { trace, debug, info, warn, err, critical };

/// Why a tool failed, and whether its caller is to blame.
pub const Reason = struct { is_callers: bool, message: []const u8 };

/// One call. Its memory, and all that its functions give, lives until the call ends: nothing needs to be freed.
pub const Call = struct {
    /// Memory that lives until the call ends.
    arena: std.mem.Allocator,
    /// Clocks, random numbers, files: see `std.Io`, and `locate` for paths.
    io: std.Io,
    /// What `fail` or `invalid` was last told, and the error that it gave for it.
    told: ?struct { err: anyerror, message: []const u8 } = null,

    pub fn init(arena: std.mem.Allocator) Call {
        return .{ .arena = arena, .io = std.Io.Threaded.global_single_threaded.io() };
    }

    /// The error of work that couldn't be done: `return call.fail("…", .{});`
    pub fn fail(call: *Call, comptime format: []const u8, args: anytype) error{ Failed, OutOfMemory } {
        call.told = .{ .err = error.Failed, .message = try call.utf8(format, args) };
        return error.Failed;
    }

    /// The error of an input that fits the schema and is still not usable.
    pub fn invalid(call: *Call, comptime format: []const u8, args: anytype) error{ InvalidInput, OutOfMemory } {
        call.told = .{ .err = error.InvalidInput, .message = try call.utf8(format, args) };
        return error.InvalidInput;
    }

    /// What an error says to the caller. One that was caught has no say in a later one of another name.
    pub fn reason(call: *const Call, err: anyerror) Reason {
        if (call.told) |told| {
            if (told.err == err) return .{ .is_callers = err == error.InvalidInput, .message = told.message };
        }
        return .{ .is_callers = false, .message = @errorName(err) };
    }

    /// Text for the host, which takes UTF-8 only: what is none becomes U+FFFD.
    fn utf8(call: *Call, comptime format: []const u8, args: anytype) ![]const u8 {
        const text = try std.fmt.allocPrint(call.arena, format, args);
        return std.fmt.allocPrint(call.arena, "{f}", .{std.unicode.fmtUtf8(text)});
    }

    /// The id of the call: a UUID, version 7. Log records and the audit carry the same.
    pub fn id(_: *Call) []const u8 {
        var answer: abi.Bytes = .{};
        abi.context.@"call-id"(&answer);
        return answer.get();
    }

    /// 1 on the first attempt, one more for each retry.
    pub fn attempt(_: *Call) u32 {
        return abi.context.attempt();
    }

    /// When the call ends, done or not: milliseconds since 1970-01-01T00:00:00Z.
    pub fn deadline(_: *Call) u64 {
        return abi.context.deadline();
    }

    /// Who asked, the origin first, each later one on behalf of those before it.
    pub fn caller(call: *Call) ![]const []const u8 {
        var answer: abi.List(abi.Bytes) = .{};
        abi.context.caller(&answer);
        return texts(call.arena, answer);
    }

    /// The caller's key for this piece of work, if it gave one.
    pub fn idempotencyKey(_: *Call) ?[]const u8 {
        var answer: abi.Optional = .{};
        abi.context.@"idempotency-key"(&answer);
        return answer.get();
    }

    /// The session, if the skill keeps sessions.
    pub fn session(_: *Call) ?[]const u8 {
        var answer: abi.Optional = .{};
        abi.context.session(&answer);
        return answer.get();
    }

    /// Tells the caller how far the work is.
    pub fn progress(_: *Call, done: u64, total: ?u64, message: ?[]const u8) void {
        const words = message orelse "";
        abi.context.progress(done, @intFromBool(total != null), total orelse 0, @intFromBool(message != null), words.ptr, words.len);
    }

    /// Whether the caller has gone away.
    pub fn cancelled(_: *Call) bool {
        return abi.context.cancelled() != 0;
    }

    /// A value of the manifest's [config], or what the operator set over it.
    pub fn config(call: *Call, key: []const u8) !?[]const u8 {
        var answer: abi.Result(abi.Optional) = undefined;
        abi.config.get(key.ptr, key.len, &answer);
        if (answer.failed) return call.fail("configuration: {s}", .{answer.value.err.text.get()});
        return answer.value.ok.get();
    }

    /// A variable that the operator granted.
    pub fn env(call: *Call, name: []const u8) !?[]const u8 {
        const granted: std.process.Environ = .{ .block = .global };
        const map = try granted.createMap(call.arena);
        return map.get(name);
    }

    /// Logs. The group is a word that groups messages.
    pub fn log(call: *Call, level: Level, group: []const u8, comptime format: []const u8, args: anytype) !void {
        const message = try call.utf8(format, args);
        abi.logging.log(@backingInt(level), group.ptr, group.len, message.ptr, message.len);
    }

    /// The bucket `hot` (fast, may be lost with the message bus) or `durable` (kept in the database).
    pub fn bucket(call: *Call, name: []const u8) Bucket {
        return .{ .call = call, .name = name };
    }

    /// Calls a tool of another skill and waits for its answer, which is read as an Output. The tool may be null
    /// where the skill has only one. A fault is this tool's failure, `CODE: MESSAGE`, if it isn't caught.
    pub fn callSkill(call: *Call, Output: type, name: []const u8, tool: ?[]const u8, input: anytype) !Output {
        return skills.callTool(call, Output, name, tool, input);
    }

    /// The skills that may be called and offer a capability, the closest match first; all of them for "".
    pub fn findSkills(call: *Call, capability: []const u8) ![]const skills.Skill {
        return skills.find(call, capability);
    }

    /// Reads a granted file of at most so many bytes.
    pub fn readFile(call: *Call, path: []const u8, limit: usize) ![]u8 {
        return files.read(call, path, limit);
    }

    /// Writes a granted file anew.
    pub fn writeFile(call: *Call, path: []const u8, bytes: []const u8) !void {
        return files.write(call, path, bytes);
    }

    /// The granted directory that a path leads into, and the rest of the path: what `std.Io.Dir` needs.
    pub fn locate(call: *Call, path: []const u8) !files.Place {
        return files.locate(call, path);
    }
};

/// The host's texts as a slice.
pub fn texts(arena: std.mem.Allocator, list: abi.List(abi.Bytes)) ![]const []const u8 {
    const made = try arena.alloc([]const u8, list.len);
    for (list.get(), made) |text, *to| to.* = text.get();
    return made;
}

test "an error that was caught leaves no words to another" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    var call: Call = .{ .arena = arena.allocator(), .io = undefined };
    try std.testing.expectEqual(error.Failed, call.fail("no file {s}", .{"a"}));
    try expectReason(&call, error.Failed, false, "no file a");
    try expectReason(&call, error.FileNotFound, false, "FileNotFound");
    try expectReason(&call, error.InvalidInput, false, "InvalidInput");
    try std.testing.expectEqual(error.InvalidInput, call.invalid("not today", .{}));
    try expectReason(&call, error.InvalidInput, true, "not today");
}

fn expectReason(call: *const Call, err: anyerror, is_callers: bool, message: []const u8) !void {
    const reason = call.reason(err);
    try std.testing.expectEqual(is_callers, reason.is_callers);
    try std.testing.expectEqualStrings(message, reason.message);
}
