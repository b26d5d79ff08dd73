//! Programs that are laid out as Go's linker does it, and what must not be touched.

#![allow(clippy::unwrap_used, reason = "a test ends where it finds nothing")]

use std::fmt::Write;

use wasmparser::{Payload, Validator};

use super::layout::Table;
use super::*;

/// The end of the data, in the third page.
const END_OF_DATA: u32 = 0x2_1230;
const TABLE_AT: u32 = 0x1_8000;
const END_AT: u32 = TABLE_AT + 8 * 34;
/// The next page after the data.
const ROOM_START: u32 = 0x3_0000;
const ROOM_END: u32 = 0x6_0000;

/// A command as Go makes it: the header of the table of functions, and the runtime's table, whose ends follow.
fn program(besides: &str, end: u32) -> Vec<u8> {
    let mut table = String::new();
    let bounds = [0x1_9000, 0x1_a000, 0x1_a000, 0x1_b000, 0x1_b000, 0x1_c000, 0x1_c000, 0x2_1230];
    let words = [0x1_0760; 1].into_iter().chain([7; 23]).chain(bounds).chain([0, 0, end]);
    for word in words.flat_map(|word: u32| u64::from(word).to_le_bytes()) {
        write!(table, "\\{word:02x}").unwrap();
    }
    wat::parse_str(format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (memory (export "memory") 19)
            (func (export "_start"))
            (data (i32.const 0x10760) "\f1\ff\ff\ff\00\00\01\08")
            (data (i32.const {TABLE_AT}) "{table}") {besides})"#
    ))
    .unwrap()
}

#[test]
fn the_runtime_table_is_found_and_only_a_whole_one() {
    let read = |module: &[u8]| Layout::read(module).unwrap().and_then(|layout| layout.table);
    assert_eq!(read(&program("", END_OF_DATA)), Some(Table { end: END_OF_DATA, end_at: END_AT }));
    assert_eq!(read(&program("", 0x2_1000)), None, "before the end of a part");
    assert_eq!(read(&program("", 19 << 16 | 1)), None, "beyond the memory");
    assert_eq!(read(&program(r#"(data (i32.const 0x10760) "\f0")"#, END_OF_DATA)), None, "another header");
}

#[test]
fn the_adapter_gets_pages_that_the_heap_begins_after() {
    let made = with_room(&program("", END_OF_DATA)).unwrap().unwrap();
    Validator::new().validate_all(&made).unwrap();
    let (mut minimum, mut segments, mut exports) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(&made) {
        match payload.unwrap() {
            Payload::MemorySection(memories) => {
                minimum = memories.into_iter().next().unwrap().unwrap().initial
            }
            Payload::DataSection(data) => segments.extend(data.into_iter().map(|data| data.unwrap().data)),
            Payload::ExportSection(section) => {
                exports.extend(section.into_iter().map(|export| export.unwrap()));
            }
            _ => {}
        }
    }
    assert_eq!(minimum, 19 + ROOM_PAGES);
    assert!(exports.iter().any(|export| export.name == REALLOC && export.index == 2), "{exports:?}");
    let [_, table] = &segments[..] else { panic!("{} segments", segments.len()) };
    assert_eq!(table[8 * 34..], u64::from(ROOM_END).to_le_bytes());
    // Both stand where they are read, and what is done is done once.
    assert!(with_room(&made).unwrap().is_none());
    let bare = r#"(module (memory 1) (func (export "cabi_realloc_adapter")))"#;
    assert!(with_room(&wat::parse_str(bare).unwrap()).unwrap().is_none());
}

#[test]
fn the_moved_end_is_what_the_runtime_reads() {
    let layout = Layout::read(&program("", END_OF_DATA)).unwrap().unwrap();
    let room = Room::above(&layout).unwrap();
    assert_eq!((room.start, room.end, room.end_at), (ROOM_START, ROOM_END, END_AT));
}

#[test]
fn what_allocates_itself_and_what_is_not_of_go_stay_as_they_are() {
    let realloc = r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)"#;
    assert!(with_room(&program(realloc, END_OF_DATA)).unwrap().is_none());
    for other in [
        r#"(module (memory (export "memory") 1) (func (export "_start")))"#,
        r#"(module (memory 65536) (data (i32.const 0) "\f1\ff\ff\ff\00\00\01\08"))"#,
        r#"(module (memory 1) (data (i32.const -1) "\f1\ff\ff\ff\00\00\01\08"))"#,
    ] {
        assert!(with_room(&wat::parse_str(other).unwrap()).unwrap().is_none(), "{other}");
    }
}

#[test]
fn go_of_an_unknown_layout_is_refused_rather_than_left_to_overwrite() {
    for mark in [r#"(@custom "go:buildid" "x")"#, r#"(@custom "producers" "\0eGo cmd/compile")"#] {
        assert_eq!(with_room(&program(mark, 0x2_1000)), Err(ComponentError::StrangeGo));
        assert!(with_room(&program(mark, END_OF_DATA)).unwrap().is_some());
    }
}
