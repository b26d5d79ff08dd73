//! State: what a skill remembers between calls.

const std = @import("std");
const abi = @import("abi.zig");
const Call = @import("call.zig").Call;
const texts = @import("call.zig").texts;

/// Values by key. They belong to the skill, whatever its version.
pub const Bucket = struct {
    call: *Call,
    name: []const u8,

    /// The value of a key, if there is one.
    pub fn get(bucket: Bucket, key: []const u8) !?[]const u8 {
        const handle = try bucket.open();
        defer close(handle);
        var answer: abi.Result(abi.Optional) = undefined;
        abi.store.@"[method]bucket.get"(handle, key.ptr, key.len, &answer);
        return (try value(bucket.call, answer)).get();
    }

    pub fn set(bucket: Bucket, key: []const u8, bytes: []const u8) !void {
        const handle = try bucket.open();
        defer close(handle);
        var answer: abi.Result(void) = undefined;
        abi.store.@"[method]bucket.set"(handle, key.ptr, key.len, bytes.ptr, bytes.len, &answer);
        return value(bucket.call, answer);
    }

    /// Removes a key; it is no error if there is none.
    pub fn delete(bucket: Bucket, key: []const u8) !void {
        const handle = try bucket.open();
        defer close(handle);
        var answer: abi.Result(void) = undefined;
        abi.store.@"[method]bucket.delete"(handle, key.ptr, key.len, &answer);
        return value(bucket.call, answer);
    }

    /// Adds to a number, from 0 if there is none, and gives the sum.
    pub fn increment(bucket: Bucket, key: []const u8, delta: u64) !u64 {
        const handle = try bucket.open();
        defer close(handle);
        var answer: abi.Result(u64) = undefined;
        abi.store.increment(handle, key.ptr, key.len, delta, &answer);
        return value(bucket.call, answer);
    }

    /// Sets a key to a value if it is the expected one, and says whether it was. null is no value.
    pub fn swap(bucket: Bucket, key: []const u8, expected: ?[]const u8, wanted: ?[]const u8) !bool {
        const handle = try bucket.open();
        defer close(handle);
        var answer: abi.Result(bool) = undefined;
        const before = expected orelse "";
        const after = wanted orelse "";
        abi.store.@"compare-and-set"(
            handle,
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
        const handle = try bucket.open();
        defer close(handle);
        var all: std.ArrayList([]const u8) = .empty;
        var cursor: ?u64 = null;
        while (true) {
            var answer: abi.Result(abi.Keys) = undefined;
            abi.store.@"[method]bucket.list-keys"(handle, @intFromBool(cursor != null), cursor orelse 0, &answer);
            const page = try value(bucket.call, answer);
            try all.appendSlice(bucket.call.arena, try texts(bucket.call.arena, page.keys));
            if (!page.cursor.some) return all.items;
            cursor = page.cursor.value;
        }
    }

    /// For one operation: a session outlives its calls, and what is left open would fill the host's table of it.
    fn open(bucket: Bucket) !i32 {
        var answer: abi.Result(i32) = undefined;
        abi.store.open(bucket.name.ptr, bucket.name.len, &answer);
        return value(bucket.call, answer);
    }
};

fn close(handle: i32) void {
    abi.store.@"[resource-drop]bucket"(handle);
}

fn value(call: *Call, answer: anytype) !@FieldType(@FieldType(@TypeOf(answer), "value"), "ok") {
    if (!answer.failed) return answer.value.ok;
    return switch (answer.value.err.tag) {
        0 => call.fail("no such bucket: there are hot and durable", .{}),
        1 => call.fail("access to the bucket is denied", .{}),
        else => call.fail("state: {s}", .{answer.value.err.text.get()}),
    };
}
