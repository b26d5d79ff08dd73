//! Scripts as callers run them, over files.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A folder with a few files.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fruit"), "pear\napple\nfig\napple\n").unwrap();
    fs::write(folder.path().join("people.csv"), "name,age\nAnn,41\nBo,7\n").unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/notes.txt"), "call Ada\n").unwrap();
    folder
}

fn ask(folder: &TempDir, script: &str) -> Value {
    let input =
        json!({ "script": script, "cwd": folder.path(), "stdin": "one 1\ntwo 2\n", "env": { "WHO": "you" } });
    skep::testing::call(run, input).unwrap()
}

#[track_caller]
fn check(script: &str, stdout: &str) {
    let ran = ask(&folder(), script);
    let expect = json!({ "stdout": stdout, "stderr": "", "exit_code": 0, "truncated": false });
    assert_eq!(ran, expect, "{script}");
}

#[track_caller]
fn check_fails(script: &str, exit_code: u8, says: &str) {
    let ran = ask(&folder(), script);
    assert_eq!(ran["exit_code"], exit_code, "{script}: {ran}");
    assert!(ran["stderr"].as_str().unwrap().contains(says), "{script}: {ran}");
}

#[test]
fn pipes_and_lists() {
    check("sort fruit | uniq -c | sort -rn | head -1", "      2 apple\n");
    check("false && echo no || echo yes; true && echo on", "yes\non\n");
    check("! false && echo $?", "0\n");
    check("false; echo $?; (exit 3); echo $?", "1\n3\n");
    check("cat | wc -l", "2\n");
    check("echo a |\n  cat # comment\n", "a\n");
}

#[test]
fn redirections() {
    check("echo a > f; echo b >> f; cat < f; cat f f > g; wc -l g", "a\nb\n4 g\n");
    check("{ echo a; ls none 2>&1; } | wc -l", "2\n");
    check("ls none 2> err; cat err", "ls: none: no such file or folder\n");
    check("ls none &> /dev/null; ls none 2>/dev/null || echo lost", "lost\n");
    check(
        "cat <<< \"hi $WHO\"; tr a-z A-Z <<'E'\n$WHO\nE\ncat <<E\n$WHO \"quoted\" \\$x\nE\n",
        "hi you\n$WHO\nyou \"quoted\" $x\n",
    );
    check("for f in a b; do echo $f; done > out; cat out", "a\nb\n");
    check("echo over | tee one two > /dev/null; cat one two", "over\nover\n");
    check_fails("cat < none", 1, "none: no such file");
    check_fails("echo a > none/there", 1, "none/there");
    check_fails("echo a > sub", 1, "sub");
}

#[test]
fn words_expand() {
    check("a='x  y'; echo $a; echo \"$a\"; echo '$a'; echo ${#a}${none:-d}", "x y\nx  y\n$a\n4d\n");
    check("echo *; echo s*/*.txt; echo '*'; echo none*", "fruit people.csv sub\nsub/notes.txt\n*\nnone*\n");
    check("f=dir/a.tar.gz; echo ${f%.*} ${f%%.*} ${f#*/} ${f##*.}", "dir/a.tar dir/a a.tar.gz gz\n");
    check("echo \"$(sort fruit | head -1) and $(echo $(echo in))\"", "apple and in\n");
    check("A=1 env | grep '^A='; echo \"[$A]\"", "A=1\n[]\n");
    check("printf '%s|' a \"\" $none b; echo", "a||b|\n");
    check("cd sub; pwd | grep -c 'sub$'; cat *.txt; cd ..; ls", "1\ncall Ada\nfruit\npeople.csv\nsub\n");
}

#[test]
fn blocks_and_loops() {
    check(
        "for f in fruit none; do if [ -f $f ]; then echo $f; elif [ -d $f ]; then echo d; else echo no; fi; done",
        "fruit\nno\n",
    );
    check("while read -r word number; do echo \"$number:$word\"; done", "1:one\n2:two\n");
    check(
        "i=0; while [ $i -lt 5 ]; do i=$(expr $i + 1); if [ $i = 2 ]; then continue; fi; [ $i = 4 ] && break; echo $i; done",
        "1\n3\n",
    );
    check("(cd sub; x=1); echo \"$x\"; i=3; until [ $i -eq 1 ]; do i=$(expr $i - 1); done; echo $i", "\n1\n");
    check("echo a; exit; echo b", "a\n");
    check_fails("echo a; exit 7", 7, "");
}

#[test]
fn what_is_not_there_is_told() {
    check_fails("curl http://x", 127, "curl: no such command");
    check_fails("/bin/sh -c ls", 127, "/bin/sh: no such command");
    check_fails("ls -Z", 2, "-Z: no such option");
    check_fails("cat sub", 1, "cat: sub: is a folder");
    match skep::testing::call(run, json!({ "script": "a\n(b" })) {
        Err(Error::InvalidInput(problem)) => assert_eq!(problem, "script, line 2: `)` expected"),
        other => panic!("{other:?}"),
    }
    assert!(skep::testing::call(run, json!({ "script": "ls", "cwd": "/none" })).is_err());
}

#[test]
fn nothing_grows_without_end() {
    let ran = ask(&folder(), "while true; do echo a long line of text; done");
    assert_eq!((&ran["truncated"], &ran["exit_code"]), (&json!(true), &json!(141)));
    assert_eq!(ran["stdout"].as_str().unwrap().len(), OUTPUT_BYTES_MAX);
    check_fails("seq 1 100000000 | tail -1", 141, "the rest was lost");
    check_fails("a=x; while true; do a=$a$a$a$a; done", 1, "longer than");
    check_fails("a=$(seq 1 100000000)", 1, "more than");
    check_fails("a=$(seq 1 60000); echo $a", 1, "arguments");
    check_fails("a=$(seq 1 9000); printf '%5000d'", 2, "not understood");
}
