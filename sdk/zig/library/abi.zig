//! What crosses between a skill and the host: the functions of wit/skill.wit and their types, as they lie in memory.

/// A text or a list of bytes.
pub const Bytes = extern struct {
    ptr: [*]const u8 = undefined,
    len: usize = 0,

    pub fn of(slice: []const u8) Bytes {
        return .{ .ptr = slice.ptr, .len = slice.len };
    }

    pub fn get(bytes: Bytes) []const u8 {
        return if (bytes.len == 0) "" else bytes.ptr[0..bytes.len];
    }
};

/// A list of T.
pub fn List(T: type) type {
    return extern struct {
        ptr: [*]const T = undefined,
        len: usize = 0,

        pub fn get(list: @This()) []const T {
            return if (list.len == 0) &.{} else list.ptr[0..list.len];
        }
    };
}

/// An option of bytes, lent to the host or had from it.
pub const Optional = extern struct {
    some: bool = false,
    value: Bytes = .{},

    pub fn of(slice: ?[]const u8) Optional {
        return if (slice) |bytes| .{ .some = true, .value = .of(bytes) } else .{};
    }

    pub fn get(optional: Optional) ?[]const u8 {
        return if (optional.some) optional.value.get() else null;
    }
};

/// A variant whose cases hold a text or nothing.
pub const Variant = extern struct { tag: u8, text: Bytes };

/// The answer of a function that may fail with such a variant.
pub fn Result(Ok: type) type {
    return extern struct {
        failed: bool,
        value: extern union { ok: Ok, err: Variant },
    };
}

pub const Fault = extern struct { code: Bytes, message: Bytes };

/// The answer of a function of `skep:skill/skills`.
pub fn FaultOr(Ok: type) type {
    return extern struct {
        failed: bool,
        value: extern union { ok: Ok, err: Fault },
    };
}

/// A tool, both of this skill and of others.
pub const Tool = extern struct { name: Bytes, description: Bytes, input_schema: Bytes, output_schema: Optional };

pub const Skill = extern struct {
    name: Bytes,
    version: Bytes,
    description: Bytes,
    capabilities: List(Bytes),
    tools: List(Tool),
};

pub const Keys = extern struct {
    keys: List(Bytes),
    cursor: extern struct { some: bool, value: u64 },
};

pub const context = struct {
    pub extern "skep:skill/context@0.1.0" fn @"call-id"(answer: *Bytes) void;
    pub extern "skep:skill/context@0.1.0" fn attempt() u32;
    pub extern "skep:skill/context@0.1.0" fn deadline() u64;
    pub extern "skep:skill/context@0.1.0" fn caller(answer: *List(Bytes)) void;
    pub extern "skep:skill/context@0.1.0" fn @"idempotency-key"(answer: *Optional) void;
    pub extern "skep:skill/context@0.1.0" fn session(answer: *Optional) void;
    pub extern "skep:skill/context@0.1.0" fn progress(done: u64, has_total: i32, total: u64, has_message: i32, message: [*]const u8, message_len: usize) void;
    pub extern "skep:skill/context@0.1.0" fn cancelled() u32;
};

pub const config = struct {
    pub extern "wasi:config/store@0.2.0-rc.1" fn get(key: [*]const u8, key_len: usize, answer: *Result(Optional)) void;
};

pub const logging = struct {
    pub extern "wasi:logging/logging@0.1.0-draft" fn log(level: i32, context: [*]const u8, context_len: usize, message: [*]const u8, message_len: usize) void;
};

pub const store = struct {
    pub extern "wasi:keyvalue/store@0.2.0-draft" fn open(name: [*]const u8, name_len: usize, answer: *Result(i32)) void;
    pub extern "wasi:keyvalue/store@0.2.0-draft" fn @"[resource-drop]bucket"(bucket: i32) void;
    pub extern "wasi:keyvalue/store@0.2.0-draft" fn @"[method]bucket.get"(bucket: i32, key: [*]const u8, key_len: usize, answer: *Result(Optional)) void;
    pub extern "wasi:keyvalue/store@0.2.0-draft" fn @"[method]bucket.set"(bucket: i32, key: [*]const u8, key_len: usize, value: [*]const u8, value_len: usize, answer: *Result(void)) void;
    pub extern "wasi:keyvalue/store@0.2.0-draft" fn @"[method]bucket.delete"(bucket: i32, key: [*]const u8, key_len: usize, answer: *Result(void)) void;
    pub extern "wasi:keyvalue/store@0.2.0-draft" fn @"[method]bucket.list-keys"(bucket: i32, has_cursor: i32, cursor: u64, answer: *Result(Keys)) void;
    pub extern "wasi:keyvalue/atomics@0.2.0-draft" fn increment(bucket: i32, key: [*]const u8, key_len: usize, delta: u64, answer: *Result(u64)) void;
    pub extern "skep:skill/state@0.1.0" fn @"compare-and-set"(bucket: i32, key: [*]const u8, key_len: usize, has_expected: i32, expected: [*]const u8, expected_len: usize, has_value: i32, value: [*]const u8, value_len: usize, answer: *Result(bool)) void;
};

pub const skills = struct {
    pub extern "skep:skill/skills@0.1.0" fn call(skill: [*]const u8, skill_len: usize, has_tool: i32, tool: [*]const u8, tool_len: usize, input: [*]const u8, input_len: usize, answer: *FaultOr(Bytes)) void;
    pub extern "skep:skill/skills@0.1.0" fn find(capability: [*]const u8, capability_len: usize, answer: *FaultOr(List(Skill))) void;
};
