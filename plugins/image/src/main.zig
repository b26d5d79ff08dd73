//! A skill for images: its tools.

const std = @import("std");
const skep = @import("skep");
const formats = @import("formats.zig");
const Picture = @import("picture.zig").Picture;

const file_bytes_max = 32 << 20;
const side_max = 8192;

const Info = struct {
    format: formats.Format,
    width: u32,
    height: u32,
    bytes: usize,
};

fn info(call: *skep.Call, in: struct {
    pub const docs = .{ .path = "The image, as in /images/a.png" };
    path: []const u8,
}) !Info {
    const bytes = try call.readFile(in.path, file_bytes_max);
    const found = formats.sniff(bytes) orelse
        return call.invalid("{s} is no PNG, JPEG, GIF, BMP, QOI or PPM, or it is cut off", .{in.path});
    return .{ .format = found.format, .width = found.width, .height = found.height, .bytes = bytes.len };
}

const Conversion = struct {
    pub const docs = .{
        .from = "A BMP (24 or 32 bits, uncompressed), PPM (P6) or QOI image",
        .to = "Where to put the new image; its ending says the format: .bmp, .ppm or .qoi",
        .width = "Its width; if only one of width and height is given, the other keeps the proportions",
        .height = "Its height",
    };
    from: []const u8,
    to: []const u8,
    width: ?u32 = null,
    height: ?u32 = null,
};

fn convert(call: *skep.Call, in: Conversion) !Info {
    const format = formats.byName(in.to) orelse return call.invalid("{s} doesn't end with .bmp, .ppm or .qoi", .{in.to});
    const bytes = try call.readFile(in.from, file_bytes_max);
    const picture = formats.read(call.arena, bytes) catch |err| switch (err) {
        error.OutOfMemory => return err,
        error.NotSupported => return call.invalid("{s}: only BMP (24 or 32 bits, uncompressed), PPM (P6, 8 bits) and QOI are converted", .{in.from}),
        error.Broken => return call.invalid("{s} is broken or cut off", .{in.from}),
        error.TooLarge => return call.invalid("{s} has more than {d} pixels", .{ in.from, Picture.pixels_max }),
    };
    const width, const height = size(picture, in);
    if (width == 0 or height == 0 or width > side_max or height > side_max)
        return call.invalid("{d}x{d}: each side must be 1 to {d}", .{ width, height, side_max });
    const scaled = if (width == picture.width and height == picture.height)
        picture
    else
        picture.scaled(call.arena, width, height) catch |err| switch (err) {
            error.TooLarge => return call.invalid("{d}x{d} is more than {d} pixels", .{ width, height, Picture.pixels_max }),
            else => |other| return other,
        };
    const written = try formats.write(call.arena, scaled, format);
    try call.writeFile(in.to, written);
    return .{ .format = format, .width = scaled.width, .height = scaled.height, .bytes = written.len };
}

fn size(picture: Picture, in: Conversion) struct { u64, u64 } {
    const width: u64, const height: u64 = .{ picture.width, picture.height };
    if (in.width) |wanted| return .{ wanted, in.height orelse @max(1, (height * wanted + width / 2) / width) };
    if (in.height) |wanted| return .{ @max(1, (width * wanted + height / 2) / height), wanted };
    return .{ width, height };
}

comptime {
    skep.skill(&.{
        skep.tool("info", "The format and size of an image: PNG, JPEG, GIF, BMP, QOI or PPM.", info),
        skep.tool("convert", "Converts an image between BMP, PPM and QOI, and scales it.", convert),
    });
}
