//! The skill that benchmarks call: almost no work, so that what is measured is the call.

wit_bindgen::generate!({ path: "wit" });

struct CallFloor;

impl Guest for CallFloor {
    fn run(input: String) -> Result<String, String> {
        if input.is_empty() {
            return Err("the input is empty".to_owned());
        }
        Ok(input)
    }
}

export!(CallFloor);
