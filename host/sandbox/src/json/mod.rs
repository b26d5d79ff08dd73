//! WIT <-> JSON: a tool's input read from JSON into component values, its result written as JSON.
//!
//! The mapping is a public contract, written down in `wit/JSON.md`. Both directions work straight on
//! text and values, without a tree of JSON values in between.

mod compound;
mod name;
mod place;
mod progress;
mod read;
mod scalar;
mod weight;
mod wit_type;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use skep_core::{Fault, FaultCode, Outcome, Output};
use wasmtime::component::{Val, types::ComponentFunc};
use wit_type::{WitType, fields};

pub(crate) use place::cut;
pub(crate) use weight::{Unmapped, Weight};

/// What one function takes and gives, in the form that the conversions walk. Made once a tool.
#[derive(Debug)]
pub(crate) struct Signature {
    /// A record with a member for each parameter.
    params: WitType,
    returns: Returns,
}

/// What a function gives back. A top-level `result` is no value: its `err` is the tool's failure.
#[derive(Debug)]
enum Returns {
    Nothing,
    Value(WitType),
    Result { ok: Option<WitType>, err: Option<WitType> },
}

impl Signature {
    /// Takes the types of `func` apart. Fails if one of them has no JSON form, as a resource.
    pub(crate) fn new(func: &ComponentFunc) -> Result<Self, Unmapped> {
        let mut weight = Weight::default();
        let params = WitType::Record(fields(func.params(), &mut weight, 0)?);
        let returns = match func.results().next() {
            None => Returns::Nothing,
            Some(ty) => match WitType::new(&ty, &mut weight, 0)? {
                WitType::Result { ok, err } => {
                    Returns::Result { ok: ok.map(|ty| *ty), err: err.map(|ty| *ty) }
                }
                ty => Returns::Value(ty),
            },
        };
        Ok(Self { params, returns })
    }

    /// Reads a tool's input: one JSON object with a member for each parameter. The fault names the
    /// place of the first mistake, as in ``$.rows[3].price: expected f64, found string "x"``.
    pub(crate) fn params_from_json(&self, input: &[u8]) -> Result<Vec<Val>, Fault> {
        match read::value(&self.params, input) {
            Ok(Val::Record(members)) => Ok(members.into_iter().map(|(_, value)| value).collect()),
            Ok(_) => Err(Fault::internal("parameters were read as no record")),
            Err(complaint) => Err(Fault::invalid_input(complaint)),
        }
    }

    /// Room for what the function gives back: what to pass to `Func::call` as results.
    pub(crate) fn results_room(&self) -> Vec<Val> {
        match self.returns {
            Returns::Nothing => Vec::new(),
            Returns::Value(_) | Returns::Result { .. } => vec![Val::Bool(false)],
        }
    }

    /// Writes what the function gave back: the value, or the `ok` of a top-level `result`, as JSON of
    /// at most `output_bytes_max` bytes (`limit_output` past it). Its `err` becomes a `tool_error`
    /// whose message is the string, or the JSON of what is no string, cut at the same limit.
    pub(crate) fn result_to_json(&self, results: &[Val], output_bytes_max: u64) -> Outcome {
        let (ty, value) = match (&self.returns, results) {
            (Returns::Nothing, []) => (None, None),
            (Returns::Value(ty), [value]) => (Some(ty), Some(value)),
            (Returns::Result { ok, .. }, [Val::Result(Ok(value))]) => (ok.as_ref(), value.as_deref()),
            (Returns::Result { err, .. }, [Val::Result(Err(value))]) => {
                return Err(tool_error(err.as_ref(), value.as_deref(), output_bytes_max));
            }
            _ => return Err(write::Stop::Mismatch.into_fault(output_bytes_max)),
        };
        let mut writer = write::Writer::new(output_bytes_max);
        match writer.payload(ty, value) {
            Ok(()) => Ok(Output::json(writer.into_text())),
            Err(stop) => Err(stop.into_fault(output_bytes_max)),
        }
    }
}

fn tool_error(ty: Option<&WitType>, value: Option<&Val>, bytes_max: u64) -> Fault {
    let message = match value {
        None => return Fault::tool_error("the tool failed and gave no reason"),
        Some(Val::String(text)) => text.clone().into_bytes(),
        Some(_) => {
            let mut writer = write::Writer::new(bytes_max);
            match writer.payload(ty, value) {
                Err(write::Stop::Mismatch) => return write::Stop::Mismatch.into_fault(bytes_max),
                Ok(()) | Err(write::Stop::Full) => writer.into_text(),
            }
        }
    };
    let message = String::from_utf8_lossy(&message);
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let end = message.floor_char_boundary(bytes_max);
    Fault::tool_error(&message[..end])
}

impl write::Stop {
    fn into_fault(self, bytes_max: u64) -> Fault {
        match self {
            Self::Full => Fault::new(
                FaultCode::LimitOutput,
                format!(
                    "the answer is larger than {bytes_max} bytes: raise the limit `output`, or ask for less"
                ),
            ),
            Self::Mismatch => Fault::internal("a result of another type than its function declares"),
        }
    }
}
