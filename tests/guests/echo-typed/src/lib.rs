//! A typed skill with a tool for every WIT type, so that tests see each of them go to a guest and come back.

use exports::skep_tests::echo_typed::echo::{Access, Colour, Guest as Echo, Nested, Point, Shape};

wit_bindgen::generate!({ path: "wit" });

/// Where the host finds the doc comments of the tools.
#[used]
#[unsafe(link_section = "skep:wit")]
static WIT: [u8; include_bytes!(concat!(env!("OUT_DIR"), "/wit.wasm")).len()] =
    *include_bytes!(concat!(env!("OUT_DIR"), "/wit.wasm"));

struct EchoTyped;

/// Functions that answer with their only argument.
macro_rules! identities {
    ($($name:ident: $type:ty;)*) => {
        $(fn $name(x: $type) -> $type { x })*
    };
}

impl Echo for EchoTyped {
    identities! {
        echo_bool: bool;
        echo_u8: u8;
        echo_s8: i8;
        echo_u16: u16;
        echo_s16: i16;
        echo_u32: u32;
        echo_s32: i32;
        echo_u64: u64;
        echo_s64: i64;
        echo_f32: f32;
        echo_f64: f64;
        echo_char: char;
        echo_string: String;
        echo_list: Vec<i32>;
        echo_strings: Vec<String>;
        echo_bytes: Vec<u8>;
        echo_tuple: (i32, String, bool);
        echo_option: Option<String>;
        echo_nested_option: Option<Option<i32>>;
        echo_results: Vec<Result<i32, String>>;
        echo_ok_results: Vec<Result<i32, ()>>;
        echo_err_results: Vec<Result<(), String>>;
        echo_bare_results: Vec<Result<(), ()>>;
        echo_record: Point;
        echo_variant: Shape;
        echo_enum: Colour;
        echo_flags: Access;
        echo_nested: Nested;
        echo_result: Result<i32, String>;
    }

    fn fail(msg: String) -> Result<String, String> {
        Err(msg)
    }

    fn fail_typed(why: Shape) -> Result<(), Shape> {
        Err(why)
    }

    fn fail_bare() -> Result<(), ()> {
        Err(())
    }

    fn add(a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn nothing() {}
}

impl Guest for EchoTyped {
    fn greet(name: String) -> String {
        format!("Hello, {name}!")
    }
}

export!(EchoTyped);
