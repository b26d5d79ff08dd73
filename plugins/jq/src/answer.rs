//! The outputs of a filter, bounded in number and size.

use jaq_json::{Map, Num, Val};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Number, Value};
use skep::Error;

pub const OUTPUTS_MAX: usize = 10_000;
/// Of all outputs, as JSON.
pub const BYTES_MAX: usize = 4 << 20;
/// Deeper than that, few can read JSON.
const DEPTH_MAX: usize = 100;

#[derive(Serialize, JsonSchema)]
pub struct Answer {
    /// In the filter's order
    outputs: Vec<Value>,
    /// Whether there are more than these
    more: bool,
    #[serde(skip)]
    outputs_max: usize,
    #[serde(skip)]
    bytes_left: usize,
}

impl Answer {
    pub fn new(outputs_max: usize, bytes_max: usize) -> Self {
        Self { outputs: Vec::new(), more: false, outputs_max, bytes_left: bytes_max }
    }

    /// Adds an output, unless there are enough: then false.
    pub fn add(&mut self, output: &Val) -> Result<bool, Error> {
        if self.outputs.len() == self.outputs_max {
            self.more = true;
            return Ok(false);
        }
        let value = self.value(output, 0)?;
        self.outputs.push(value);
        Ok(true)
    }

    fn value(&mut self, val: &Val, depth: usize) -> Result<Value, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::Failed(format!("an output nests deeper than {DEPTH_MAX} levels")));
        }
        // Its comma or its brackets.
        self.spend(2)?;
        Ok(match val {
            Val::Null => Value::Null,
            Val::Bool(truth) => Value::Bool(*truth),
            Val::Num(number) => self.number(number)?,
            Val::TStr(text) | Val::BStr(text) => Value::String(self.text(text)?),
            Val::Arr(values) => {
                values.iter().map(|value| self.value(value, depth + 1)).collect::<Result<_, _>>()?
            }
            Val::Obj(members) => self.object(members, depth)?,
        })
    }

    fn object(&mut self, members: &Map, depth: usize) -> Result<Value, Error> {
        let member = |(name, value): (&Val, &Val)| {
            let name = match name {
                Val::TStr(text) | Val::BStr(text) => self.text(text)?,
                other => other.to_string(),
            };
            Ok((name, self.value(value, depth + 1)?))
        };
        members.iter().map(member).collect()
    }

    /// As JSON has them: what is no number becomes null.
    fn number(&mut self, number: &Num) -> Result<Value, Error> {
        let text = number.to_string();
        self.spend(text.len())?;
        let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from));
        let number = whole.ok().or_else(|| Number::from_f64(text.parse().ok()?));
        Ok(number.map_or(Value::Null, Value::Number))
    }

    fn text(&mut self, bytes: &[u8]) -> Result<String, Error> {
        self.spend(bytes.len())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        let too_much = || {
            Error::Failed(format!(
                "the outputs have more than {BYTES_MAX} bytes; let the filter choose fewer"
            ))
        };
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(too_much)?;
        Ok(())
    }
}
