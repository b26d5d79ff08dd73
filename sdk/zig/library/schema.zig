//! JSON Schema from Zig types, at compile time, by the rules of std.json.

const std = @import("std");

/// The schema of a type as JSON text; null where anything goes.
pub fn of(comptime T: type) ?[]const u8 {
    return comptime switch (@typeInfo(T)) {
        .bool => "{\"type\":\"boolean\"}",
        .int => |int| if (int.signedness == .unsigned) "{\"type\":\"integer\",\"minimum\":0}" else "{\"type\":\"integer\"}",
        .float => "{\"type\":\"number\"}",
        .optional => |optional| if (of(optional.child)) |inner| "{\"anyOf\":[" ++ inner ++ ",{\"type\":\"null\"}]}" else null,
        .array => |array| list(array.child),
        .pointer => |pointer| switch (pointer.size) {
            .slice => if (pointer.child == u8) "{\"type\":\"string\"}" else list(pointer.child),
            .one => of(pointer.child),
            else => @compileError("JSON can't carry a " ++ @typeName(T)),
        },
        .@"enum" => |info| "{\"enum\":[" ++ quoted(info.field_names) ++ "]}",
        .@"struct" => if (@hasDecl(T, "jsonStringify")) null else object(T),
        .@"union" => if (@hasDecl(T, "jsonStringify")) null else @compileError("a union needs jsonStringify and jsonParse: " ++ @typeName(T)),
        else => @compileError("JSON can't carry a " ++ @typeName(T)),
    };
}

fn list(comptime Child: type) []const u8 {
    return "{\"type\":\"array\",\"items\":" ++ (of(Child) orelse "{}") ++ "}";
}

fn object(comptime T: type) []const u8 {
    const info = @typeInfo(T).@"struct";
    var properties: []const u8 = "";
    var required: []const [:0]const u8 = &.{};
    for (info.field_names, info.field_types, info.field_attrs) |name, Field, attrs| {
        const comma = if (properties.len == 0) "" else ",";
        properties = properties ++ comma ++ "\"" ++ name ++ "\":" ++ described(T, name, of(Field) orelse "{}");
        if (attrs.default_value_ptr == null) required = required ++ .{name};
    }
    return "{\"type\":\"object\",\"properties\":{" ++ properties ++ "},\"required\":[" ++ quoted(required) ++
        "],\"additionalProperties\":false}";
}

/// Adds what `pub const docs = .{ .field = "…" };` of a struct says.
fn described(comptime T: type, comptime name: []const u8, comptime schema: []const u8) []const u8 {
    if (!@hasDecl(T, "docs") or !@hasField(@TypeOf(T.docs), name)) return schema;
    const text = std.fmt.comptimePrint("{{\"description\":\"{s}\"", .{escaped(@field(T.docs, name))});
    return text ++ (if (schema.len > 2) "," else "") ++ schema[1..];
}

fn escaped(comptime text: []const u8) []const u8 {
    var made: []const u8 = "";
    for (text) |byte| {
        made = made ++ switch (byte) {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            else => &[_]u8{byte},
        };
    }
    return made;
}

fn quoted(comptime names: []const [:0]const u8) []const u8 {
    var made: []const u8 = "";
    for (names, 0..) |name, i| made = made ++ (if (i == 0) "" else ",") ++ "\"" ++ name ++ "\"";
    return made;
}

test of {
    const Colour = enum { red, green };
    const In = struct {
        pub const docs = .{ .a = "the \"first\"", .any = "whatever" };
        a: i32,
        tint: ?Colour = null,
        names: []const []const u8,
        any: std.json.Value,
    };
    try std.testing.expectEqualStrings(
        \\{"type":"object","properties":{"a":{"description":"the \"first\"","type":"integer"},
    ++
        \\"tint":{"anyOf":[{"enum":["red","green"]},{"type":"null"}]},
    ++
        \\"names":{"type":"array","items":{"type":"string"}},"any":{"description":"whatever"}},
    ++
        \\"required":["a","names","any"],"additionalProperties":false}
    , of(In).?);
    try std.testing.expectEqual(null, of(std.json.Value));
    try std.testing.expectEqualStrings("{\"type\":\"integer\",\"minimum\":0}", of(u8).?);
}
