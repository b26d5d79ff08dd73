//! A jq program, compiled, and where it is wrong if it can't be.

use std::collections::BTreeMap;

use jaq_core::{
    Compiler, Ctx, Vars, compile, data,
    load::{self, Arena, File, Loader},
};
use jaq_json::Val;
use serde_json::Value;
use skep::Error;

use crate::{answer::Answer, source};

pub struct Filter {
    compiled: jaq_core::Filter<data::JustLut<Val>>,
    vars: Vars<Val>,
}

impl Filter {
    /// Compiles a program in which each argument is a variable.
    pub fn new(program: &str, args: BTreeMap<String, Value>) -> Result<Self, Error> {
        if let Some(name) = args.keys().find(|name| !is_name(name)) {
            return Err(Error::invalid_input(format!("args: `{name}` can't be the name of a variable")));
        }
        let names: Vec<_> = args.keys().map(|name| format!("${name}")).collect();
        let values = args.into_values().map(source::val).collect::<Result<Vec<_>, _>>()?;
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs)
            .load(&arena, File { code: program, path: () })
            .map_err(|errors| first(errors, |error| unreadable(program, error)))?;
        let compiled = Compiler::default()
            .with_funs(funs)
            .with_global_vars(names.iter().map(String::as_str))
            .compile(modules)
            .map_err(|errors| first(errors, |undefined| undefined.first().map(|it| unknown(program, it))))?;
        Ok(Self { compiled, vars: Vars::new(values) })
    }

    /// Adds the outputs for one input; false if no more are wanted.
    pub fn run(&self, input: Val, answer: &mut Answer) -> Result<bool, Error> {
        let context = Ctx::<data::JustLut<Val>>::new(&self.compiled.lut, self.vars.clone());
        for output in self.compiled.id.run((context, input)) {
            match output {
                Ok(output) if answer.add(&output)? => {}
                Ok(_) => return Ok(false),
                Err(exception) => return end(exception).map(|()| false),
            }
        }
        Ok(true)
    }
}

/// An error of the filter, or its own wish to end.
fn end(exception: jaq_core::Exn<'_, Val>) -> Result<(), Error> {
    match exception.get_err().map_err(jaq_core::Exn::get_halt) {
        Ok(error) => Err(Error::Failed(format!("the filter failed: {error}"))),
        Err(Ok(0)) => Ok(()),
        Err(Ok(code)) => Err(Error::Failed(format!("the filter halted with code {code}"))),
        Err(Err(_)) => Err(Error::failed("the filter broke off")),
    }
}

fn is_name(name: &str) -> bool {
    let is_word = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_word && name.starts_with(|first: char| !first.is_ascii_digit())
}

fn first<S, P, E>(errors: load::Errors<S, P, E>, problem: impl Fn(&E) -> Option<String>) -> Error {
    let first = errors.iter().find_map(|(_, error)| problem(error));
    Error::InvalidInput(format!("filter{}", first.unwrap_or_else(|| ": can't be read".to_owned())))
}

fn unreadable(program: &str, error: &load::Error<&str>) -> Option<String> {
    match error {
        load::Error::Io(errors) => {
            let (path, _) = errors.first()?;
            Some(format!("{}: there are no modules to load", place(program, path)))
        }
        load::Error::Lex(errors) => {
            let (expected, found) = errors.first()?;
            Some(format!("{}: {} expected", place(program, found), expected.as_str()))
        }
        load::Error::Parse(errors) => {
            let (expected, found) = errors.first()?;
            Some(format!("{}: {} expected", place(program, found), expected.as_str()))
        }
    }
}

fn unknown(program: &str, (name, kind): &compile::Error<&str>) -> String {
    let place = place(program, name);
    match kind {
        compile::Undefined::Filter(arity) => {
            format!("{place}: there is no filter `{name}` with {arity} arguments")
        }
        kind => format!("{place}: there is no {} `{name}`", kind.as_str()),
    }
}

/// Where a part of the program stands in it.
fn place(program: &str, part: &str) -> String {
    let start = load::span(program, part).start;
    let Some(before) = program.get(..start) else { return String::new() };
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    format!(", line {line}, column {}", before[line_start..].chars().count() + 1)
}
