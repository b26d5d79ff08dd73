//! `#[skep::tool]`: beside the function, a constant that describes it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{
    Error, Expr, ExprLit, FnArg, ItemFn, Lit, Meta, Result, ReturnType, ext::IdentExt, spanned::Spanned,
};

pub fn expand(arguments: TokenStream, function: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new(arguments.span(), "`#[skep::tool]` takes no arguments"));
    }
    let function: ItemFn = syn::parse2(function)?;
    check(&function)?;
    let description = description(&function);
    if description.is_empty() {
        let problem = "a tool needs a doc comment: it is the description that people and agents choose it by";
        return Err(Error::new(function.sig.ident.span(), problem));
    }
    let (visibility, ident) = (&function.vis, &function.sig.ident);
    let name = ident.unraw().to_string();
    let constant = crate::description_of(ident);
    // Complaints about the types belong to the signature.
    let call = match function.sig.inputs.first() {
        None => quote_spanned!(function.sig.output.span() => |_: ::skep::Empty| #ident()),
        Some(input) => quote_spanned!(input.span() => #ident),
    };
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        #visibility const #constant: ::skep::tool::Tool = ::skep::tool::Tool {
            name: #name,
            description: concat!(#(#description),*),
            schemas: || ::skep::tool::schemas(#call),
            run: |input| ::skep::tool::run(#call, input),
        };
    })
}

fn check(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    let refuse = |at: proc_macro2::Span, problem: &str| Err(Error::new(at, problem));
    if let Some(asyncness) = &signature.asyncness {
        return refuse(
            asyncness.span(),
            "a tool can't be async: it has its instance for itself and may block",
        );
    }
    if !signature.generics.params.is_empty() {
        return refuse(signature.generics.span(), "a tool can't be generic: its schema needs the types");
    }
    if let Some(receiver) = signature.inputs.iter().find(|input| matches!(input, FnArg::Receiver(_))) {
        return refuse(receiver.span(), "a tool is a free function, not a method");
    }
    if let Some(second) = signature.inputs.iter().nth(1) {
        return refuse(second.span(), "a tool takes one input: make it a struct with a field for each part");
    }
    if matches!(signature.output, ReturnType::Default) {
        return refuse(
            signature.ident.span(),
            "a tool answers with a Result, as in `-> Result<Sum, skep::Error>`",
        );
    }
    Ok(())
}

/// The lines of the doc comment, as parts to concatenate: some may be macros such as `include_str!`.
fn description(function: &ItemFn) -> Vec<Expr> {
    let docs = function.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
    let mut parts = Vec::new();
    for doc in docs {
        let Meta::NameValue(doc) = &doc.meta else { continue };
        parts.push(match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => {
                let text = line.value();
                let text = format!("{}\n", text.strip_prefix(' ').unwrap_or(&text));
                syn::parse_quote_spanned!(line.span() => #text)
            }
            other => other.clone(),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(function: TokenStream, says: &str) {
        let error = expand(TokenStream::new(), function).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }

    #[test]
    fn what_can_be_no_tool_is_told() {
        check(
            quote!(
                fn f() -> Result<(), Error> {}
            ),
            "needs a doc comment",
        );
        check(
            quote!(
                async fn f() -> Result<(), Error> {}
            ),
            "can't be async",
        );
        check(
            quote!(
                fn f<T>(t: T) -> Result<(), Error> {}
            ),
            "can't be generic",
        );
        check(
            quote!(
                fn f(&self) -> Result<(), Error> {}
            ),
            "not a method",
        );
        check(
            quote!(
                fn f(a: A, b: B) -> Result<(), Error> {}
            ),
            "takes one input",
        );
        check(
            quote!(
                fn f(a: A) {}
            ),
            "answers with a Result",
        );
        check(
            quote!(
                struct S;
            ),
            "expected",
        );
        let error = expand(
            quote!(name = "x"),
            quote!(
                fn f() {}
            ),
        )
        .unwrap_err()
        .to_string();
        assert!(error.contains("takes no arguments"), "{error}");
    }

    #[test]
    fn a_description_may_be_a_file() {
        let function = quote!(
            /// One.
            #[doc = include_str!("two.md")]
            fn f() -> Result<(), Error> {}
        );
        let text = expand(TokenStream::new(), function).unwrap().to_string();
        assert!(text.contains(r#"concat ! ("One.\n" , include_str ! ("two.md"))"#), "{text}");
    }
}
