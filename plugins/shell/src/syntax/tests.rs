//! Scripts and the trees they make, and what is no script.

use super::*;

fn words(command: &Command) -> Vec<String> {
    let Kind::Simple { words, .. } = &command.kind else { panic!("{command:?}") };
    words.iter().map(|word| format!("{word:?}")).collect()
}

#[track_caller]
fn check_mistake(script: &str, line: usize, says: &str) {
    let mistake = parse(script).unwrap_err();
    assert_eq!(mistake.line, line, "{mistake:?}");
    assert!(mistake.problem.contains(says), "{mistake:?}");
}

#[test]
fn operators_join_and_end_commands() {
    let list = parse("a | b && ! c || d; e # not this\nf").unwrap();
    let shape: Vec<_> = list.iter().map(|step| (step.first.commands.len(), step.rest.len())).collect();
    assert_eq!(shape, [(2, 2), (1, 0), (1, 0)]);
    assert_eq!((list[0].rest[0].0, list[0].rest[1].0), (Join::And, Join::Or));
    assert!(list[0].rest[0].1.negated);
}

#[test]
fn quotes_keep_words_together() {
    let list = parse(r#"a 'b c' "d $e" f\ g """#).unwrap();
    let command = &list[0].first.commands[0];
    assert_eq!(words(command).len(), 5);
    assert!(words(command)[2].contains("Variable"));
}

#[test]
fn redirections_stand_anywhere() {
    let list = parse("> out a 2>&1 < in b 2>> err").unwrap();
    let command = &list[0].first.commands[0];
    let streams: Vec<_> = command.redirects.iter().map(|redirect| redirect.stream).collect();
    assert_eq!(streams, [Stream::Out, Stream::Err, Stream::In, Stream::Err]);
    assert_eq!(words(command).len(), 2);
}

#[test]
fn mistakes_are_told_with_their_line() {
    check_mistake("a\nb |", 2, "the end");
    check_mistake("a 'b", 1, "has no end");
    check_mistake("echo \"a\nb", 1, "has no end");
    check_mistake("if a; then b", 1, "`fi` expected");
    check_mistake("if ; then b; fi", 1, "a command expected");
    check_mistake("a\nfi", 2, "no beginning");
    check_mistake("a )", 1, "no beginning");
    check_mistake("(a", 1, "`)` expected");
    check_mistake("a &", 1, "background");
    check_mistake("a >", 1, "must be a file");
    check_mistake("for 1 in a; do b; done", 1, "name of a variable");
    check_mistake("cat <<E\nb\nc", 1, "no line `E`");
    check_mistake("cat <<E\nb\nE\n)", 4, "no beginning");
    check_mistake("case a in esac", 1, "not understood");
    check_mistake("f() { a; }", 1, "not understood");
    check_mistake("echo $((1+1))", 1, "no arithmetic");
    check_mistake("echo `a`", 1, "$(…)");
    check_mistake("echo ${a!b}", 1, "${name}");
    check_mistake("a; ; b", 1, "a command expected");
}

#[test]
fn nesting_has_an_end() {
    let deep = |text: &str, end: &str, levels: usize| text.repeat(levels) + "a" + &end.repeat(levels);
    assert!(parse(&deep("(", ")", 30)).is_ok());
    check_mistake(&deep("(", ")", 20_000), 1, "deeper");
    check_mistake(&deep("echo $(", ")", 20_000), 1, "deeper");
    check_mistake(&deep("{ ", "; }", 20_000), 1, "deeper");
    check_mistake(&("echo ".to_owned() + &deep("${a:-", "}", 20_000)), 1, "deeper");
    check_mistake(&deep("if ", "", 20_000), 1, "deeper");
}

#[test]
fn no_text_breaks_the_parser() {
    for start in [
        "$", "${", "$(", "<<", "<<<", ">", "2>", "&>", "\\", "!", "a=", "[", "'", "\"", "\u{0}", "é=1", "${#",
    ] {
        for end in ["", "\n", " ", ")", "}", "|", "é", "\\"] {
            drop(parse(&format!("{start}{end}")));
            drop(parse(&format!("a {end}{start}")));
        }
    }
}
