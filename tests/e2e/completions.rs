//! `skep completions`: each shell gets a script, and bash completes by it.

use crate::deployment::{check, skep};
use std::process::Command;

#[test]
fn every_shell_gets_its_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = skep().args(["completions", shell]).output().unwrap();
        check(&output, 0, "completions");
    }
    check(&skep().args(["completions", "tcsh"]).output().unwrap(), 2, "bash");
    check(&skep().args(["completions", "--help"]).output().unwrap(), 0, "bash-completion/completions/skep");
}

#[test]
fn bash_completes_commands_and_flags() {
    let script = skep().args(["completions", "bash"]).output().unwrap().stdout;
    let script = String::from_utf8(script).unwrap();
    let complete = |words: &[&str]| {
        let (last, words) =
            (words.len(), ["skep"].iter().chain(words).copied().collect::<Vec<_>>().join(" "));
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}\n_skep skep \"${{COMP_WORDS[{last}]}}\"\necho \"${{COMPREPLY[@]}}\""
        );
        Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap()
    };
    check(&complete(&["doc"]), 0, "doctor");
    check(&complete(&["doctor", "--red"]), 0, "--redis");
    check(&complete(&["completions", "z"]), 0, "zsh");
}
