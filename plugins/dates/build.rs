//! Encodes this skill's WIT, doc comments and all, for `WIT` in lib.rs: compilers drop the comments.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=wit");
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve.push_dir("wit")?;
    let encoded = wit_component::encode(&resolve, package)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("wit.wasm"), encoded)?;
    Ok(())
}
