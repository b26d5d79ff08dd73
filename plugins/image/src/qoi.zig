//! QOI, the Quite OK Image format.

const std = @import("std");
const formats = @import("formats.zig");
const Picture = @import("picture.zig").Picture;
const Pixel = @import("picture.zig").Pixel;

const header_bytes = 14;
const end_mark = "\x00\x00\x00\x00\x00\x00\x00\x01";
const run_max = 62;

/// Both sides keep the pixels they have seen, each in its place, and the last one.
const Memory = struct {
    seen: [64]Pixel = @splat(@splat(0)),
    last: Pixel = .{ 0, 0, 0, 255 },

    fn place(pixel: Pixel) u6 {
        return @truncate(@as(u32, pixel[0]) * 3 + @as(u32, pixel[1]) * 5 + @as(u32, pixel[2]) * 7 + @as(u32, pixel[3]) * 11);
    }

    fn keep(memory: *Memory, pixel: Pixel) void {
        memory.seen[place(pixel)] = pixel;
        memory.last = pixel;
    }
};

pub fn read(arena: std.mem.Allocator, bytes: []const u8, header: formats.Header) formats.Error!Picture {
    if (bytes.len < header_bytes) return error.Broken;
    const picture: Picture = try .init(arena, header.width, header.height);
    var in: std.Io.Reader = .fixed(bytes[header_bytes..]);
    var memory: Memory = .{};
    var run: usize = 0;
    for (picture.pixels) |*pixel| {
        if (run > 0) {
            run -= 1;
        } else {
            run = readChunk(&in, &memory) catch return error.Broken;
        }
        pixel.* = memory.last;
    }
    return picture;
}

/// Reads one chunk, and gives how often its pixel comes once more.
fn readChunk(in: *std.Io.Reader, memory: *Memory) !usize {
    const tag = try in.takeByte();
    var pixel = memory.last;
    const low: u8 = tag & 0x3f;
    switch (tag) {
        0xfe => pixel[0..3].* = (try in.takeArray(3)).*,
        0xff => pixel = (try in.takeArray(4)).*,
        0x00...0x3f => pixel = memory.seen[low],
        0x40...0x7f => {
            pixel[0] +%= (low >> 4) -% 2;
            pixel[1] +%= (low >> 2 & 3) -% 2;
            pixel[2] +%= (low & 3) -% 2;
        },
        0x80...0xbf => {
            const more = try in.takeByte();
            const green = low -% 32;
            pixel[0] +%= green +% (more >> 4) -% 8;
            pixel[1] +%= green;
            pixel[2] +%= green +% (more & 15) -% 8;
        },
        0xc0...0xfd => return low,
    }
    memory.keep(pixel);
    return 0;
}

pub fn write(arena: std.mem.Allocator, picture: Picture) ![]u8 {
    var out: std.Io.Writer.Allocating = .init(arena);
    try out.writer.writeAll("qoif");
    try out.writer.writeInt(u32, picture.width, .big);
    try out.writer.writeInt(u32, picture.height, .big);
    try out.writer.writeAll(&.{ 4, 0 });
    var memory: Memory = .{};
    var run: u8 = 0;
    for (picture.pixels) |pixel| {
        const is_same = std.mem.eql(u8, &pixel, &memory.last);
        if (is_same) run += 1;
        if (run > 0 and (!is_same or run == run_max)) {
            try out.writer.writeByte(0xc0 | (run - 1));
            run = 0;
        }
        if (!is_same) try writePixel(&out.writer, &memory, pixel);
    }
    if (run > 0) try out.writer.writeByte(0xc0 | (run - 1));
    try out.writer.writeAll(end_mark);
    return out.written();
}

fn writePixel(out: *std.Io.Writer, memory: *Memory, pixel: Pixel) !void {
    defer memory.keep(pixel);
    const place = Memory.place(pixel);
    const last = memory.last;
    if (std.mem.eql(u8, &memory.seen[place], &pixel)) return out.writeByte(place);
    if (pixel[3] != last[3]) return out.writeAll(&(.{0xff} ++ pixel));
    const red = pixel[0] -% last[0] +% 2;
    const green = pixel[1] -% last[1] +% 2;
    const blue = pixel[2] -% last[2] +% 2;
    if (red < 4 and green < 4 and blue < 4) return out.writeByte(0x40 | red << 4 | green << 2 | blue);
    const more_red = red -% green +% 8;
    const more_blue = blue -% green +% 8;
    if (green +% 30 < 64 and more_red < 16 and more_blue < 16) {
        return out.writeAll(&.{ 0x80 | (green +% 30), more_red << 4 | more_blue });
    }
    return out.writeAll(&(.{0xfe} ++ pixel[0..3].*));
}
