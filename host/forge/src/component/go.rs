//! Go: room for the adapter where Go's heap never comes.
//!
//! Go's heap takes what follows its data: the runtime ignores what `memory.grow` returns, and counts on
//! nobody else growing. The stock adapter grows the memory too, for its stack and its state, which the heap
//! writes over as soon as it is that large. So the end of Go's data, as the runtime's own table has it, moves
//! up by a few pages, and a `cabi_realloc_adapter` gives the adapter the pages in between.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, CustomSection, DataSection, ExportKind, ExportSection, Function,
    FunctionSection, MemArg, MemorySection, Module, TypeSection, ValType,
};
use wasmparser::Parser;

use super::ComponentError;

mod layout;

use layout::{Layout, PAGE};

/// Pages for the adapter: its stack, its state, and one that begins with where the free part starts.
const ROOM_PAGES: u64 = 3;
/// What is set aside for that number.
const HEAD_BYTES: u32 = 16;
/// From where the encoder takes an adapter's memory, and nothing else.
const REALLOC: &str = "cabi_realloc_adapter";

/// The same module with the room, or nothing if it needs none: it isn't Go's, or allocates itself.
pub(super) fn with_room(module: &[u8]) -> Result<Option<Vec<u8>>, ComponentError> {
    let malformed = |reason: String| ComponentError::Malformed(reason);
    let Some(layout) = Layout::read(module).map_err(|error| malformed(error.to_string()))? else {
        return Ok(None);
    };
    let mut room = Room::above(&layout).ok_or(ComponentError::StrangeGo)?;
    let mut made = Module::new();
    room.parse_core_module(&mut made, Parser::new(0), module)
        .map_err(|error| malformed(error.to_string()))?;
    if !room.end_is_moved() {
        return Err(ComponentError::StrangeGo);
    }
    Ok(Some(made.finish()))
}

/// Where the room is, and what its function is in the module.
struct Room {
    start: u32,
    end: u32,
    /// Where the runtime reads the end of its data.
    end_at: u32,
    /// Which bytes of that place were written.
    written: [bool; 4],
    function_type: u32,
    function: u32,
}

impl Room {
    /// From the first page after Go's data: where the heap would have begun.
    fn above(layout: &Layout) -> Option<Self> {
        let table = layout.table?;
        let start = u64::from(table.end).next_multiple_of(PAGE);
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(start + ROOM_PAGES * PAGE).ok()?,
            end_at: table.end_at,
            written: [false; 4],
            function_type: layout.types,
            function: layout.functions,
        })
    }

    /// Writes the new end where a segment at `address` has the old one. The segments stay as many as they are:
    /// Go's linker makes as many as an engine takes.
    fn move_end(&mut self, address: usize, bytes: &mut [u8]) {
        let end_at = usize::try_from(self.end_at).unwrap_or(usize::MAX);
        for (offset, byte) in self.end.to_le_bytes().into_iter().enumerate() {
            let place = end_at.saturating_add(offset).checked_sub(address);
            if let Some(place) = place.and_then(|place| bytes.get_mut(place)) {
                *place = byte;
                self.written[offset] = true;
            }
        }
    }

    /// Whether the runtime will read the new end: bytes that no segment has are zero.
    fn end_is_moved(&self) -> bool {
        self.end.to_le_bytes().into_iter().zip(self.written).all(|(byte, written)| written || byte == 0)
    }

    /// Gives the next bytes of the room and never takes them back: the adapter asks twice in its life.
    fn realloc(&self) -> Function {
        let (align, size, given) = (2, 3, 4);
        let head = MemArg { offset: 0, align: 2, memory_index: 0 };
        let (start, first) = (self.start.cast_signed(), (self.start + HEAD_BYTES).cast_signed());
        let mut function = Function::new([(1, ValType::I32)]);
        let mut code = function.instructions();
        // What is free begins behind this number, which is 0 at first.
        code.i32_const(start).i32_load(head).local_tee(given).i32_eqz();
        code.if_(BlockType::Empty).i32_const(first).local_set(given).end();
        code.local_get(given).local_get(align).i32_add().i32_const(1).i32_sub();
        // given = (free + align - 1) & -align
        code.i32_const(0).local_get(align).i32_sub().i32_and().local_set(given);
        // free = given + size
        code.i32_const(start).local_get(given).local_get(size).i32_add().i32_store(head);
        code.i32_const(start).i32_load(head).i32_const(self.end.cast_signed()).i32_gt_u();
        code.if_(BlockType::Empty).unreachable().end();
        code.local_get(given).end();
        function
    }
}

/// Everything stays as it is, and in its place; what the room needs comes after it.
impl Reencode for Room {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32; 4], [ValType::I32]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        functions.function(self.function_type);
        Ok(())
    }

    fn parse_memory_section(
        &mut self,
        memories: &mut MemorySection,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), Error> {
        for memory in section {
            let mut memory = self.memory_type(memory?)?;
            memory.minimum = memory.minimum.saturating_add(ROOM_PAGES);
            memories.memory(memory);
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_export_section(self, exports, section)?;
        exports.export(REALLOC, ExportKind::Func, self.function);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        for body in section {
            code.raw(body?.as_bytes());
        }
        code.function(&self.realloc());
        Ok(())
    }

    fn parse_data_section(
        &mut self,
        data: &mut DataSection,
        section: wasmparser::DataSectionReader<'_>,
    ) -> Result<(), Error> {
        for segment in section {
            let segment = segment?;
            match layout::address(&segment)? {
                Some(address) => {
                    let mut bytes = segment.data.to_vec();
                    self.move_end(address, &mut bytes);
                    let at = u32::try_from(address).unwrap_or(u32::MAX);
                    data.active(0, &ConstExpr::i32_const(at.cast_signed()), bytes);
                }
                None => self.parse_data(data, segment)?,
            }
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        module.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
