//! Files: a path is absolute, and leads into one of the directories that the operator granted.

const std = @import("std");
const Call = @import("call.zig").Call;

/// A granted directory, and the rest of a path that leads into it.
pub const Place = struct { dir: std.Io.Dir, path: []const u8 };

pub fn locate(call: *Call, path: []const u8) !Place {
    const granted: std.process.Preopens = try .init(call.arena);
    var longest: usize = 0;
    var place: ?Place = null;
    for (granted.map.keys()) |name| {
        const rest = below(name, path) orelse continue;
        const dir = granted.get(name) orelse continue;
        if (dir != .dir or (place != null and name.len < longest)) continue;
        longest = name.len;
        place = .{ .dir = dir.dir, .path = if (rest.len == 0) "." else rest };
    }
    return place orelse call.fail("{s}: no directory was granted that holds it", .{path});
}

fn below(dir: []const u8, path: []const u8) ?[]const u8 {
    if (!std.mem.startsWith(u8, path, dir)) return null;
    const rest = path[dir.len..];
    if (rest.len != 0 and rest[0] != '/' and !std.mem.endsWith(u8, dir, "/")) return null;
    return std.mem.trimStart(u8, rest, "/");
}

pub fn read(call: *Call, path: []const u8, limit: usize) ![]u8 {
    const place = try locate(call, path);
    return place.dir.readFileAlloc(call.io, place.path, call.arena, .limited(limit)) catch |err| {
        return call.fail("{s}: {t}", .{ path, err });
    };
}

pub fn write(call: *Call, path: []const u8, bytes: []const u8) !void {
    const place = try locate(call, path);
    place.dir.writeFile(call.io, .{ .sub_path = place.path, .data = bytes }) catch |err| {
        return call.fail("{s}: {t}", .{ path, err });
    };
}

test below {
    try std.testing.expectEqualStrings("x/y", below("/data", "/data/x/y").?);
    try std.testing.expectEqualStrings("", below("/data", "/data").?);
    try std.testing.expectEqual(null, below("/data", "/database/x"));
    try std.testing.expectEqualStrings("etc", below("/", "/etc").?);
}
