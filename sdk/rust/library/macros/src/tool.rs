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
