//! `skep::skill!`: what the host calls.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Path, Result, Token, parse::Parser, punctuated::Punctuated};

pub fn expand(tools: TokenStream) -> Result<TokenStream> {
    let mut tools = Punctuated::<Path, Token![,]>::parse_terminated.parse2(tools)?;
    if tools.is_empty() {
        return Err(Error::new(
            Span::call_site(),
            "name the tools of this skill, as in `skep::skill!(add);`",
        ));
    }
    for tool in &mut tools {
        if let Some(last) = tool.segments.last_mut() {
            last.ident = crate::description_of(&last.ident);
        }
    }
    let tools = tools.iter();
    Ok(quote! {
        const _: () = {
            struct Skill;

            const TOOLS: &[::skep::tool::Tool] = &[#(#tools),*];

            impl ::skep::bindings::exports::skep::skill::tools::Guest for Skill {
                fn list_tools() -> ::std::vec::Vec<::skep::bindings::exports::skep::skill::tools::Tool> {
                    ::skep::tool::list(TOOLS)
                }

                fn call_tool(
                    name: ::std::string::String,
                    input: ::std::string::String,
                ) -> ::std::result::Result<::std::string::String, ::skep::bindings::exports::skep::skill::tools::Error>
                {
                    ::skep::tool::call(TOOLS, &name, &input)
                }
            }

            ::skep::bindings::export!(Skill with_types_in ::skep::bindings);
        };
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_named_by_their_paths() {
        let text = expand(quote!(a, b::c,)).unwrap().to_string();
        assert!(text.contains("[__skep_tool_a , b :: __skep_tool_c]"), "{text}");
        assert!(expand(TokenStream::new()).unwrap_err().to_string().contains("name the tools"));
        assert!(expand(quote!(1)).is_err());
    }
}
