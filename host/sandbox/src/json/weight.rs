//! Bounds on types: a small component can declare types that unfold to a huge tree.

/// Deepest nesting of a type. JSON nests at most twice as deep, which stays below the parser's 128.
pub(crate) const TYPE_DEPTH_MAX: usize = 48;
/// Most weight of all types that are unfolded together: parts, and the bytes of their names.
const TYPE_WEIGHT_MAX: usize = 1 << 20;
/// What a part weighs, its name apart.
const PART_WEIGHT: usize = 16;

/// Why a type has no JSON form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unmapped {
    /// A handle, or a proposal that is not served.
    #[error("its types mention {0}, which has no JSON form")]
    Kind(&'static str),
    /// Nested too deep.
    #[error("its types nest deeper than {TYPE_DEPTH_MAX} levels")]
    TooDeep,
    /// Too many parts.
    #[error("its types are too large: they unfold to more than {TYPE_WEIGHT_MAX} bytes")]
    TooLarge,
}

/// What may still be unfolded.
#[derive(Debug)]
pub(crate) struct Weight(usize);

impl Default for Weight {
    fn default() -> Self {
        Self(TYPE_WEIGHT_MAX)
    }
}

impl Weight {
    /// Takes a type `depth` levels down.
    pub(crate) fn part(&mut self, depth: usize) -> Result<(), Unmapped> {
        if depth > TYPE_DEPTH_MAX {
            return Err(Unmapped::TooDeep);
        }
        self.take(PART_WEIGHT)
    }

    /// Takes a name, or a text about one.
    pub(crate) fn name(&mut self, name: &str) -> Result<(), Unmapped> {
        self.take(PART_WEIGHT + name.len())
    }

    fn take(&mut self, weight: usize) -> Result<(), Unmapped> {
        self.0 = self.0.checked_sub(weight).ok_or(Unmapped::TooLarge)?;
        Ok(())
    }
}
