//! PPM, the binary kind with 8 bits a part (P6).

const std = @import("std");
const formats = @import("formats.zig");
const Picture = @import("picture.zig").Picture;

const Start = struct { width: u32, height: u32, most: u32, pixels: usize };

/// Three numbers behind P6, with space and comments between them.
fn start(bytes: []const u8) ?Start {
    var numbers: [3]u32 = undefined;
    var at: usize = 2;
    for (&numbers) |*number| {
        at = skipSpace(bytes, at);
        const first = at;
        while (at < bytes.len and std.ascii.isDigit(bytes[at])) at += 1;
        number.* = std.fmt.parseInt(u32, bytes[first..at], 10) catch return null;
    }
    if (at >= bytes.len or !std.ascii.isWhitespace(bytes[at])) return null;
    return .{ .width = numbers[0], .height = numbers[1], .most = numbers[2], .pixels = at + 1 };
}

fn skipSpace(bytes: []const u8, from: usize) usize {
    var at = from;
    while (at < bytes.len) : (at += 1) {
        if (bytes[at] == '#') {
            at = std.mem.findScalarPos(u8, bytes, at, '\n') orelse return bytes.len;
        } else if (!std.ascii.isWhitespace(bytes[at])) break;
    }
    return at;
}

pub fn header(bytes: []const u8) ?formats.Header {
    const found = start(bytes) orelse return null;
    return .{ .format = .ppm, .width = found.width, .height = found.height };
}

pub fn read(arena: std.mem.Allocator, bytes: []const u8) formats.Error!Picture {
    const found = start(bytes) orelse return error.Broken;
    if (found.most != 255) return error.NotSupported;
    const picture: Picture = try .init(arena, found.width, found.height);
    const data = bytes[found.pixels..];
    if (data.len < picture.pixels.len * 3) return error.Broken;
    for (picture.pixels, 0..) |*pixel, i| pixel.* = data[i * 3 ..][0..3].* ++ .{255};
    return picture;
}

/// PPM has no alpha: what can be seen through is shown on white.
pub fn write(arena: std.mem.Allocator, picture: Picture) ![]u8 {
    var out: std.Io.Writer.Allocating = .init(arena);
    try out.writer.print("P6\n{d} {d}\n255\n", .{ picture.width, picture.height });
    for (picture.pixels) |pixel| {
        for (pixel[0..3]) |part| {
            const seen = @as(u32, part) * pixel[3] + 255 * @as(u32, 255 - pixel[3]);
            try out.writer.writeByte(@intCast((seen + 127) / 255));
        }
    }
    return out.written();
}
