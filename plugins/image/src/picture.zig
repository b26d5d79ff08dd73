//! A picture in memory, and scaling it.

const std = @import("std");

pub const Pixel = [4]u8; // red, green, blue, alpha

pub const Picture = struct {
    pub const pixels_max = 4 << 20;

    width: u32,
    height: u32,
    pixels: []Pixel,

    pub fn init(arena: std.mem.Allocator, width: u64, height: u64) error{ Broken, TooLarge, OutOfMemory }!Picture {
        if (width == 0 or height == 0) return error.Broken;
        if (width > pixels_max or height > pixels_max or width * height > pixels_max) return error.TooLarge;
        return .{
            .width = @intCast(width),
            .height = @intCast(height),
            .pixels = try arena.alloc(Pixel, @intCast(width * height)),
        };
    }

    /// The picture in another size: each new pixel is the mean of those that it covers.
    pub fn scaled(from: Picture, arena: std.mem.Allocator, width: u64, height: u64) !Picture {
        const to: Picture = try .init(arena, width, height);
        for (0..to.height) |y| {
            const rows = covered(y, to.height, from.height);
            for (0..to.width) |x| {
                to.pixels[y * to.width + x] = from.mean(covered(x, to.width, from.width), rows);
            }
        }
        return to;
    }

    const Range = struct { start: usize, end: usize };

    fn covered(at: usize, new: u64, old: u64) Range {
        const start: usize = @intCast(at * old / new);
        const end: usize = @intCast((at + 1) * old / new);
        return .{ .start = start, .end = @max(end, start + 1) };
    }

    fn mean(from: Picture, columns: Range, rows: Range) Pixel {
        var sums: [4]u64 = @splat(0);
        for (rows.start..rows.end) |y| {
            for (from.pixels[y * from.width ..][columns.start..columns.end]) |pixel| {
                // A pixel that can't be seen has no colour to give.
                for (sums[0..3], pixel[0..3]) |*sum, part| sum.* += @as(u64, part) * pixel[3];
                sums[3] += pixel[3];
            }
        }
        const count: u64 = (rows.end - rows.start) * (columns.end - columns.start);
        if (sums[3] == 0) return @splat(0);
        var pixel: Pixel = undefined;
        for (pixel[0..3], sums[0..3]) |*part, sum| part.* = @intCast((sum + sums[3] / 2) / sums[3]);
        pixel[3] = @intCast((sums[3] + count / 2) / count);
        return pixel;
    }
};

test "a pixel is the mean of those it covers" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const from: Picture = try .init(arena.allocator(), 2, 1);
    from.pixels[0] = .{ 10, 0, 255, 255 };
    from.pixels[1] = .{ 20, 1, 255, 255 };
    const half = try from.scaled(arena.allocator(), 1, 1);
    try std.testing.expectEqual(Pixel{ 15, 1, 255, 255 }, half.pixels[0]);
    const large = try half.scaled(arena.allocator(), 3, 2);
    for (large.pixels) |pixel| try std.testing.expectEqual(half.pixels[0], pixel);
    try std.testing.expectError(error.TooLarge, half.scaled(arena.allocator(), 1 << 20, 1 << 20));
}
