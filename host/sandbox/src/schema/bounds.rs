//! Bounds on schemas that guests declare: checking an input against one must not cost much.

use serde_json::Value;

/// Largest schema, in bytes of its JSON text.
const SCHEMA_BYTES_MAX: usize = 256 << 10;
/// Most parts that a schema may unfold to, each reference counted as what it refers to.
const SCHEMA_PARTS_MAX: usize = 5_000;
/// Deepest nesting of a schema, references followed. A schema that refers to itself has no end.
const SCHEMA_DEPTH_MAX: usize = 64;

/// Checks that `schema` is of bounded size once its references are followed.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    if schema.to_string().len() > SCHEMA_BYTES_MAX {
        return Err(format!("larger than {SCHEMA_BYTES_MAX} bytes"));
    }
    Unfold { root: schema, parts: 0 }.schema(schema, 0)
}

struct Unfold<'s> {
    root: &'s Value,
    parts: usize,
}

impl Unfold<'_> {
    fn schema(&mut self, schema: &Value, depth: usize) -> Result<(), String> {
        let Value::Object(keywords) = schema else { return self.count(1) };
        if depth > SCHEMA_DEPTH_MAX {
            return Err(format!("it nests deeper than {SCHEMA_DEPTH_MAX} levels, or refers to itself"));
        }
        self.count(1)?;
        for (keyword, value) in keywords {
            self.keyword(keyword, value, depth)?;
        }
        Ok(())
    }

    fn keyword(&mut self, keyword: &str, value: &Value, depth: usize) -> Result<(), String> {
        match keyword {
            "$ref" => self.reference(value, depth),
            "$dynamicRef" | "$recursiveRef" | "$dynamicAnchor" => {
                Err(format!("it uses `{keyword}`: refer by `$ref` to a place as `#/$defs/name`"))
            }
            "$id" | "id" if depth > 0 && value.is_string() => {
                Err(format!("it uses `{keyword}` below the top: one schema must be one document"))
            }
            "properties" | "patternProperties" | "dependentSchemas" | "dependencies" => {
                let schemas = value.as_object().into_iter().flat_map(|schemas| schemas.values());
                schemas.into_iter().try_for_each(|schema| self.schema(schema, depth + 1))
            }
            "allOf"
            | "anyOf"
            | "oneOf"
            | "prefixItems"
            | "items"
            | "additionalItems"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "additionalProperties"
            | "unevaluatedItems"
            | "unevaluatedProperties"
            | "contentSchema" => match value {
                Value::Array(schemas) => schemas.iter().try_for_each(|schema| self.schema(schema, depth + 1)),
                schema => self.schema(schema, depth + 1),
            },
            "enum" => self.count(value.as_array().map_or(0, Vec::len)),
            _ => Ok(()),
        }
    }

    fn reference(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        let target = value.as_str().and_then(|target| target.strip_prefix('#'));
        match target.and_then(|pointer| self.root.pointer(pointer)) {
            Some(schema) => self.schema(schema, depth + 1),
            None => Err(format!(
                "it refers to {}, which is no place in it: refer to one as `#/$defs/name`",
                crate::json::cut(&value.to_string(), 80)
            )),
        }
    }

    fn count(&mut self, parts: usize) -> Result<(), String> {
        self.parts += parts;
        match self.parts > SCHEMA_PARTS_MAX {
            true => Err(format!("it unfolds to more than {SCHEMA_PARTS_MAX} parts")),
            false => Ok(()),
        }
    }
}
