//! The formats: which one a file has, how large the image is, and reading and writing three of them.

const std = @import("std");
const qoi = @import("qoi.zig");
const bmp = @import("bmp.zig");
const ppm = @import("ppm.zig");
const Picture = @import("picture.zig").Picture;

pub const Format = enum { png, jpeg, gif, bmp, qoi, ppm };

pub const Error = error{ Broken, NotSupported, TooLarge, OutOfMemory };

/// What the beginning of a file tells.
pub const Header = struct { format: Format, width: u32, height: u32 };

pub fn sniff(bytes: []const u8) ?Header {
    const starts = std.mem.startsWith;
    if (starts(u8, bytes, "\x89PNG\r\n\x1a\n")) return sides(.png, bytes, 16, u32, .big, 20);
    if (starts(u8, bytes, "GIF87a") or starts(u8, bytes, "GIF89a")) return sides(.gif, bytes, 6, u16, .little, 8);
    if (starts(u8, bytes, "qoif")) return sides(.qoi, bytes, 4, u32, .big, 8);
    if (starts(u8, bytes, "BM")) return bmp.header(bytes);
    if (starts(u8, bytes, "P6")) return ppm.header(bytes);
    if (starts(u8, bytes, "\xff\xd8")) return jpeg(bytes);
    return null;
}

fn sides(format: Format, bytes: []const u8, width: usize, T: type, endian: std.builtin.Endian, height: usize) ?Header {
    if (bytes.len < height + @sizeOf(T)) return null;
    return .{
        .format = format,
        .width = std.mem.readInt(T, bytes[width..][0..@sizeOf(T)], endian),
        .height = std.mem.readInt(T, bytes[height..][0..@sizeOf(T)], endian),
    };
}

/// A JPEG is a row of segments; the one that starts a frame has the size.
fn jpeg(bytes: []const u8) ?Header {
    var at: usize = 2;
    while (at + 9 <= bytes.len and bytes[at] == 0xff) {
        const marker = bytes[at + 1];
        if (marker == 0xff) {
            at += 1;
            continue;
        }
        const is_frame = marker >= 0xc0 and marker <= 0xcf and marker != 0xc4 and marker != 0xc8 and marker != 0xcc;
        if (is_frame) return .{
            .format = .jpeg,
            .height = std.mem.readInt(u16, bytes[at + 5 ..][0..2], .big),
            .width = std.mem.readInt(u16, bytes[at + 7 ..][0..2], .big),
        };
        at += 2 + @as(usize, std.mem.readInt(u16, bytes[at + 2 ..][0..2], .big));
    }
    return null;
}

/// The format that a file's name ends with, of those that are written.
pub fn byName(path: []const u8) ?Format {
    for ([_]Format{ .bmp, .ppm, .qoi }) |format| {
        const ending = std.Io.Dir.path.extension(path);
        if (ending.len > 0 and std.ascii.eqlIgnoreCase(ending[1..], @tagName(format))) return format;
    }
    return null;
}

pub fn read(arena: std.mem.Allocator, bytes: []const u8) Error!Picture {
    const header = sniff(bytes) orelse return error.NotSupported;
    return switch (header.format) {
        .bmp => bmp.read(arena, bytes),
        .ppm => ppm.read(arena, bytes),
        .qoi => qoi.read(arena, bytes, header),
        else => error.NotSupported,
    };
}

pub fn write(arena: std.mem.Allocator, picture: Picture, format: Format) ![]u8 {
    return switch (format) {
        .bmp => bmp.write(arena, picture),
        .ppm => ppm.write(arena, picture),
        .qoi => qoi.write(arena, picture),
        else => unreachable, // byName gives no other
    };
}

test sniff {
    const check = std.testing.expectEqual;
    const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x01\x00\x00\x00\x00\x80";
    try check(Header{ .format = .png, .width = 256, .height = 128 }, sniff(png).?);
    try check(Header{ .format = .gif, .width = 3, .height = 2 }, sniff("GIF89a\x03\x00\x02\x00").?);
    const photo = "\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03";
    try check(Header{ .format = .jpeg, .width = 32, .height = 16 }, sniff(photo).?);
    try check(null, sniff(png[0..20]));
    try check(null, sniff(photo[0..12]));
    try check(null, sniff("hello"));
}

test "what is written is read again" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const picture: Picture = try .init(arena.allocator(), 37, 23);
    for (picture.pixels, 0..) |*pixel, i| {
        const n: u8 = @truncate(i *% 2654435761 >> 7);
        pixel.* = if (i % 9 < 4) .{ 9, 8, 7, 255 } else .{ n, n +% @as(u8, @truncate(i)), n / 2, 255 };
    }
    for ([_]Format{ .bmp, .ppm, .qoi }) |format| {
        const bytes = try write(arena.allocator(), picture, format);
        try std.testing.expectEqual(Header{ .format = format, .width = 37, .height = 23 }, sniff(bytes).?);
        const again = try read(arena.allocator(), bytes);
        try std.testing.expectEqualSlices([4]u8, picture.pixels, again.pixels);
        for (0..bytes.len) |cut| {
            if (read(arena.allocator(), bytes[0..cut])) |_| {
                // The end mark of QOI may be missing, nothing else.
                try std.testing.expect(format == .qoi and cut >= bytes.len - 8);
            } else |_| {}
        }
    }
}
