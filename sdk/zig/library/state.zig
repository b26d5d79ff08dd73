//! State: what a skill remembers between calls.

const std = @import("std");
const abi = @import("abi.zig");
const Call = @import("call.zig").Call;
const texts = @import("call.zig").texts;

/// Values by key. They belong to the skill, whatever its version.
pub const Bucket = struct {
    call: *Call,
    handle: i32,

    pub fn open(call: *Call, name: []const u8) !Bucket {
        var answer: abi.Result(i32) = undefined;
        abi.store.open(name.ptr, name.len, &answer);
        return .{ .call = call, .handle = try value(call, answer) };
    }

    /// Gives the bucket back; it isn't needed, since the end of the call does.
    pub fn close(bucket: Bucket) void {
        abi.store.@"[resource-drop]bucket"(bucket.handle);
    }

    /// The value of a key, if there is one.
    pub fn get(bucket: Bucket, key: []const u8) !?[]const u8 {
        var answer: abi.Result(abi.Optional) = undefined;
        abi.store.@"[method]bucket.get"(bucket.handle, key.ptr, key.len, &answer);
        return (try value(bucket.call, answer)).get();
    }

    pub fn set(bucket: Bucket, key: []const u8, bytes: []const u8) !void {
        var answer: abi.Result(void) = undefined;
        abi.store.@"[method]bucket.set"(bucket.handle, key.ptr, key.len, bytes.ptr, bytes.len, &answer);
        return value(bucket.call, answer);
    }

    /// Removes a key; it is no error if there is none.
    pub fn delete(bucket: Bucket, key: []const u8) !void {
        var answer: abi.Result(void) = undefined;
        abi.store.@"[method]bucket.delete"(bucket.handle, key.ptr, key.len, &answer);
        return value(bucket.call, answer);
    }

    /// Adds to a number, from 0 if there is none, and gives the sum.
    pub fn increment(bucket: Bucket, key: []const u8, delta: u64) !u64 {
        var answer: abi.Result(u64) = undefined;
        abi.store.increment(bucket.handle, key.ptr, key.len, delta, &answer);
        return value(bucket.call, answer);
    }

    /// Sets a key to a value if it is the expected one, and says whether it was. null is no value.
    pub fn swap(bucket: Bucket, key: []const u8, expected: ?[]const u8, wanted: ?[]const u8) !bool {
        var answer: abi.Result(bool) = undefined;
        const before = expected orelse "";
        const after = wanted orelse "";
        abi.store.@"compare-and-set"(
            bucket.handle,
            key.ptr,
            key.len,
            @intFromBool(expected != null),
            before.ptr,
            before.len,
            @intFromBool(wanted != null),
            after.ptr,
            after.len,
            &answer,
        );
        return value(bucket.call, answer);
    }

    /// All keys, in no order.
    pub fn keys(bucket: Bucket) ![]const []const u8 {
        var all: std.ArrayList([]const u8) = .empty;
        var cursor: ?u64 = null;
        while (true) {
            var answer: abi.Result(abi.Keys) = undefined;
            abi.store.@"[method]bucket.list-keys"(bucket.handle, @intFromBool(cursor != null), cursor orelse 0, &answer);
            const page = try value(bucket.call, answer);
            try all.appendSlice(bucket.call.arena, try texts(bucket.call.arena, page.keys));
            if (!page.cursor.some) return all.items;
            cursor = page.cursor.value;
        }
    }
};

fn value(call: *Call, answer: anytype) !@FieldType(@FieldType(@TypeOf(answer), "value"), "ok") {
    if (!answer.failed) return answer.value.ok;
    return switch (answer.value.err.tag) {
        0 => call.fail("no such bucket: there are hot and durable", .{}),
        1 => call.fail("access to the bucket is denied", .{}),
        else => call.fail("state: {s}", .{answer.value.err.text.get()}),
    };
}
