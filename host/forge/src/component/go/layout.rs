//! Where a Go program keeps what: read from the table that its linker leaves for the runtime.

use wasmparser::{
    Data, DataKind, DataSectionReader, ExternalKind, MemoryType, Operator, Parser, Payload, TypeRef,
};

/// A page of memory, in bytes: Go knows no other.
pub(super) const PAGE: u64 = 64 << 10;
/// Largest initial memory that is looked through, in pages.
const LOOKED_THROUGH_MAX: u64 = (256 << 20) / PAGE;
/// How the table of functions begins since Go 1.20: a magic number, the steps of code, the size of a pointer.
const HEADER: [u8; 8] = [0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8];
/// The runtime's table of the module (`moduledata`) in words: first the address of the header; from here on
/// the bounds of the parts of its data, in their order; and the end of it all.
const BOUNDS: std::ops::RangeInclusive<usize> = 24..=31;
const END: usize = 34;

/// The end of Go's data, and where the runtime reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) end: u32,
    pub(super) end_at: u32,
}

/// What is to be known of a module that Go made.
#[derive(Default)]
pub(super) struct Layout {
    /// Nothing if the program was changed, or comes from a Go that isn't known.
    pub(super) table: Option<Table>,
    pub(super) types: u32,
    pub(super) functions: u32,
}

impl Layout {
    /// Nothing if Go didn't make it, or if it allocates for the adapter itself.
    pub(super) fn read(module: &[u8]) -> Result<Option<Self>, wasmparser::Error> {
        let (mut layout, mut marked, mut memory) = (Self::default(), false, None);
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::CustomSection(custom) => marked |= marks(custom.name(), custom.data()),
                Payload::TypeSection(types) => {
                    for group in types {
                        layout.types += u32::try_from(group?.types().len()).unwrap_or(u32::MAX);
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let is_function = matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                        layout.functions += u32::from(is_function);
                    }
                }
                Payload::FunctionSection(functions) => layout.functions += functions.count(),
                Payload::MemorySection(memories) => memory = memories.into_iter().next().transpose()?,
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func && allocates(export.name) {
                            return Ok(None);
                        }
                    }
                }
                Payload::DataSection(data) => layout.table = table(data, memory)?,
                _ => {}
            }
        }
        Ok((marked || layout.table.is_some()).then_some(layout))
    }
}

/// Whether a custom section says that Go's own toolchain made the module.
fn marks(name: &str, data: &[u8]) -> bool {
    const COMPILER: &[u8] = b"Go cmd/compile";
    name == "go:buildid"
        || name == "producers" && data.windows(COMPILER.len()).any(|window| window == COMPILER)
}

/// Whether the encoder takes the adapter's memory from an export of that name.
fn allocates(name: &str) -> bool {
    matches!(name, "cabi_realloc" | "cabi_realloc_adapter" | "canonical_abi_realloc")
}

/// The one table in the data. Sections may be stripped, this is not: it tells Go's programs from others.
fn table(
    data: DataSectionReader<'_>,
    memory: Option<MemoryType>,
) -> Result<Option<Table>, wasmparser::Error> {
    let fits = |memory: &MemoryType| {
        !memory.memory64 && memory.page_size_log2.is_none() && memory.initial <= LOOKED_THROUGH_MAX
    };
    let Some(memory) = memory.filter(fits) else { return Ok(None) };
    let segments = data.into_iter().collect::<Result<Vec<_>, _>>()?;
    if !segments.iter().any(|segment| find_header(segment.data)) {
        return Ok(None);
    }
    // The linker leaves longer runs of zeros out: only in one piece the table can be read.
    let mut image = vec![0; usize::try_from(memory.initial * PAGE).unwrap_or_default()];
    for segment in &segments {
        let at = address(segment)?.and_then(|start| image.get_mut(start..start + segment.data.len()));
        if let Some(place) = at {
            place.copy_from_slice(segment.data);
        }
    }
    let mut tables = (0..image.len()).step_by(8).filter_map(|at| table_at(&image, at));
    Ok(tables.next().filter(|_| tables.next().is_none()))
}

fn find_header(data: &[u8]) -> bool {
    data.windows(HEADER.len()).any(|window| window == HEADER)
}

/// Where a segment of the memory begins, if that is a constant.
pub(super) fn address(segment: &Data<'_>) -> Result<Option<usize>, wasmparser::Error> {
    let DataKind::Active { memory_index: 0, offset_expr } = &segment.kind else { return Ok(None) };
    match offset_expr.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(usize::try_from(value.cast_unsigned()).ok()),
        _ => Ok(None),
    }
}

fn table_at(image: &[u8], at: usize) -> Option<Table> {
    let word = |at: usize| {
        let bytes = image.get(at..)?.first_chunk()?;
        usize::try_from(u64::from_le_bytes(*bytes)).ok()
    };
    let header = word(at).filter(|&header| header > 0)?;
    if !image.get(header..)?.starts_with(&HEADER) {
        return None;
    }
    let bounds = BOUNDS.map(|index| word(at + 8 * index)).collect::<Option<Vec<_>>>()?;
    let end_at = at + 8 * END;
    let end = word(end_at)?;
    let whole = bounds.is_sorted() && bounds.first()? > &0 && bounds.last()? <= &end && end <= image.len();
    whole.then_some(Table { end: u32::try_from(end).ok()?, end_at: u32::try_from(end_at).ok()? })
}
