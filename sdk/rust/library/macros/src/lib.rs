//! The two macros of the SDK: `#[skep::tool]` makes a function a tool, `skep::skill!` exports tools.

mod skill;
mod tool;

use proc_macro::TokenStream;
use proc_macro2::Ident;
use quote::format_ident;

/// Makes a function a tool of the skill.
///
/// The function's name is the tool's name and its doc comment the tool's description. It takes nothing or
/// one input and answers with a `Result`; the JSON schemas come from its types. It stays an ordinary
/// function, which tests can call. The crate's own documentation shows one.
#[proc_macro_attribute]
pub fn tool(arguments: TokenStream, function: TokenStream) -> TokenStream {
    tool::expand(arguments.into(), function.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Exports the tools of this skill, once a crate: `skep::skill!(add, lists::sort);`.
///
/// A tool of another module is named by its path, not imported.
#[proc_macro]
pub fn skill(tools: TokenStream) -> TokenStream {
    skill::expand(tools.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// The constant that describes a tool. It can't have the tool's own name, which is the function's.
fn description_of(tool: &Ident) -> Ident {
    use syn::ext::IdentExt;
    format_ident!("__skep_tool_{}", tool.unraw(), span = tool.span())
}
