//! BMP, uncompressed with 24 or 32 bits a pixel.

const std = @import("std");
const formats = @import("formats.zig");
const Picture = @import("picture.zig").Picture;

const header_bytes = 54;

fn int(T: type, bytes: []const u8, at: usize) T {
    return std.mem.readInt(T, bytes[at..][0..@sizeOf(T)], .little);
}

/// A negative height means that the first row is the top one.
pub fn header(bytes: []const u8) ?formats.Header {
    if (bytes.len < header_bytes or int(u32, bytes, 14) < 40) return null;
    return .{ .format = .bmp, .width = int(u32, bytes, 18), .height = @abs(int(i32, bytes, 22)) };
}

pub fn read(arena: std.mem.Allocator, bytes: []const u8) formats.Error!Picture {
    const found = header(bytes) orelse return error.Broken;
    const bits = int(u16, bytes, 28);
    const compression = int(u32, bytes, 30);
    if ((bits != 24 and bits != 32) or compression != 0) return error.NotSupported;
    const picture: Picture = try .init(arena, found.width, found.height);
    const step = bits / 8;
    const row_bytes = std.mem.alignForward(usize, picture.width * step, 4);
    const start: usize = int(u32, bytes, 10);
    if (start > bytes.len or bytes.len - start < row_bytes * picture.height) return error.Broken;
    const is_upward = int(i32, bytes, 22) > 0;
    for (0..picture.height) |y| {
        const row = bytes[start + row_bytes * (if (is_upward) picture.height - 1 - y else y) ..];
        for (picture.pixels[y * picture.width ..][0..picture.width], 0..) |*pixel, x| {
            const from = row[x * step ..];
            // The fourth byte is of no meaning without compression.
            pixel.* = .{ from[2], from[1], from[0], 255 };
        }
    }
    return picture;
}

/// 24 bits a pixel: alpha is dropped.
pub fn write(arena: std.mem.Allocator, picture: Picture) ![]u8 {
    const row_bytes = std.mem.alignForward(usize, picture.width * 3, 4);
    const bytes = try arena.alloc(u8, header_bytes + row_bytes * picture.height);
    @memset(bytes, 0);
    @memcpy(bytes[0..2], "BM");
    for ([_]struct { usize, usize }{
        .{ 2, bytes.len },      .{ 10, header_bytes },   .{ 14, 40 },
        .{ 18, picture.width }, .{ 22, picture.height }, .{ 34, bytes.len - header_bytes },
    }) |field| std.mem.writeInt(u32, bytes[field[0]..][0..4], @intCast(field[1]), .little);
    std.mem.writeInt(u16, bytes[26..28], 1, .little);
    std.mem.writeInt(u16, bytes[28..30], 24, .little);
    for (0..picture.height) |y| {
        const row = bytes[header_bytes + row_bytes * (picture.height - 1 - y) ..];
        for (picture.pixels[y * picture.width ..][0..picture.width], 0..) |pixel, x| {
            row[x * 3 ..][0..3].* = .{ pixel[2], pixel[1], pixel[0] };
        }
    }
    return bytes;
}
