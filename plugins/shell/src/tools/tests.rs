//! Each command by what it prints.

use serde_json::{Value, json};

fn ask(script: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), "b 2\na 10\nc 1\nb 2\n").unwrap();
    std::fs::write(folder.path().join("t"), "x\ty\tz\nno tabs\n").unwrap();
    skep::testing::call(crate::run, json!({ "script": script, "cwd": folder.path() })).unwrap()
}

#[track_caller]
fn check(script: &str, stdout: &str) {
    let ran = ask(script);
    assert_eq!(ran["stdout"], stdout, "{script}: {ran}");
    assert_eq!(ran["stderr"], "", "{script}");
}

#[track_caller]
fn check_fails(script: &str, exit_code: u8, says: &str) {
    let ran = ask(script);
    assert_eq!(ran["exit_code"], exit_code, "{script}: {ran}");
    assert!(ran["stderr"].as_str().unwrap().contains(says), "{script}: {ran}");
}

#[test]
fn texts() {
    check("cat a t | wc; wc -l a t; wc -m < t", "6 13 31\n4 a\n2 t\n6 total\n14\n");
    check("cat -n t", "     1\tx\ty\tz\n     2\tno tabs\n");
    check(
        "head -n 1 a; head -2 a; head -c 3 a; tail -1 a; tail -n +4 a; tail -c 2 a",
        "b 2\nb 2\na 10\nb 2b 2\nb 2\n2\n",
    );
    check("head -1 a t", "==> a <==\nb 2\n\n==> t <==\nx\ty\tz\n");
    check("printf 'no end' | tail -1", "no end");
}

#[test]
fn lines() {
    check("sort a", "a 10\nb 2\nb 2\nc 1\n");
    check("sort -u -r a", "c 1\nb 2\na 10\n");
    check("sort -k2 -n a; sort -k 2,2nr a | head -1", "c 1\nb 2\nb 2\na 10\na 10\n");
    check("printf 'q:3\\nr:1\\n' | sort -t: -k2", "r:1\nq:3\n");
    check(
        "sort a | uniq -c; sort a | uniq -d; sort a | uniq -u",
        "      1 a 10\n      2 b 2\n      1 c 1\nb 2\na 10\nc 1\n",
    );
    check(
        "cut -f2 t; cut -s -f1,3- t; cut -d' ' -f 2 a | head -1; cut -c2-3,1 a | tail -1",
        "y\nno tabs\nx\tz\n2\nb 2\n",
    );
    check(
        "echo héllo | tr a-y b-z; echo aabb | tr -s a-z; echo a1b2 | tr -d 0-9; echo a1 | tr -cd '[:alpha:]'",
        "iémmp\nab\nab\na",
    );
    check("echo hi there | tr ' [:lower:]' '\\n[:upper:]'", "HI\nTHERE\n");
    check_fails("cut -f x a", 2, "no list");
    check_fails("tr", 2, "which letters");
}

#[test]
fn searches() {
    check(
        "grep b a; grep -c b a; grep -v -n '[bc]' a; grep -o '[0-9]+' a | head -2",
        "b 2\nb 2\n2\n2:a 10\n2\n10\n",
    );
    check(
        "grep -l z a t; grep -i -w NO t; grep -F . a; echo $?; grep -r -h tabs; grep -m1 b a",
        "t\nno tabs\n1\nno tabs\nb 2\n",
    );
    check(
        "mkdir -p d/e; echo x > d/e/f; grep -rn x d; find . -name '[ef]'; find d -type f -maxdepth 1; find -iname F",
        "d/e/f:1:x\n./d/e\n./d/e/f\n./d/e/f\n",
    );
    check_fails("grep '(' a", 2, "grep:");
    check_fails("grep x none", 2, "none: no such file");
    check_fails("grep nothing a", 1, "");
    check_fails("find . -exec rm {}", 2, "-exec rm");
}

#[test]
fn edits() {
    check(
        "sed 's/b/B&/' a | head -1; sed -n '2p;$p' a; sed '2,3d' a; sed '/a/!d' a",
        "Bb 2\na 10\nb 2\nb 2\nb 2\na 10\n",
    );
    check(
        "echo a.b.c | sed 's/\\./-/2; s|([a-z])$|<\\1>|'; echo aaa | sed s/a/b/g; echo $(echo ab | sed 's/(a)(b)/\\2\\1/')",
        "a.b-<c>\nbbb\nba\n",
    );
    check(
        "echo /x/y | sed 's/\\/x/\\$1/'; sed 1q a; sed -n '$=' a; echo abc | sed 's/x*/-/g'",
        "$1/y\nb 2\n4\n-a-b-c-\n",
    );
    check("sed -i 's/b/z/' a; cat a | head -1; sed -n '/a/,/c/p' a", "z 2\na 10\nc 1\n");
    check_fails("sed 's/a' a", 2, "`/` is missing");
    check_fails("sed y/a/b/ a", 2, "`y`");
    check_fails("sed 's/(/x/' a", 2, "sed:");
}

#[test]
fn files() {
    check(
        "mkdir -p d/e; cp a d; cp a t d/e; ls d d/e; cp -r d c; ls -1 c/e",
        "d:\na\ne\n\nd/e:\na\nt\na\nt\n",
    );
    check(
        "mv a b; ls; rm b; rm -f none; ls; touch n; [ -e n ] && [ ! -s n ] && echo empty",
        "b\nt\nt\nempty\n",
    );
    check("mkdir d; touch d/x; rm -r d; ls; mkdir e; rmdir e; ls -a | wc -l", "a\nt\n2\n");
    check("ls -l a | cut -c1-12; ls -d .", "-         17\n.\n");
    check_fails("rm t none", 1, "none: no such file");
    check_fails("mkdir d; rm d", 1, "is a folder; -r");
    check_fails("mkdir d; cp -r d d/e", 1, "into itself");
    check_fails("cp a a", 1, "onto itself");
    check_fails("mv a", 2, "where to put it");
    check_fails("mkdir a", 1, "a");
    check_fails("cp a t none", 1, "no folder");
}

#[test]
fn words_and_numbers() {
    check(
        "echo -n a; echo -e 'b\\tc' d; printf '%s=%03d %5.1f|%-4s|%x%%\\n' a 7 2.25 b 255 c -8",
        "ab\tc d\na=007   2.2|b   |ff%\nc=-08   0.0|    |0%\n",
    );
    check("seq 2; seq 3 -2 0; expr 7 % 4; expr 2 '<' 3", "1\n2\n3\n1\n3\n1\n");
    check("basename /x/y.txt .txt; basename /; dirname /x/y; dirname y; dirname /x", "y\n/\n/x\n.\n/\n");
    check(
        "[ a = a ] && [ 2 -lt 10 ] && [ -n x -a -z '' ] && [ ! -e none ] && test x -o '' && echo yes",
        "yes\n",
    );
    check(
        "printf 'a b\\nc\\n' | xargs -n2 echo -; printf 'a b\\nc\\n' | xargs -I{} echo '<{}>'; printf 'a\\n' | xargs cat | head -1",
        "- a b\n- c\n<a b>\n<c>\nb 2\n",
    );
    check_fails("expr 1 / 0", 2, "no answer");
    check_fails("[ a", 2, "`]` is missing");
    check_fails("seq x", 2, "whole number");
    check_fails("echo none | xargs cat", 123, "none");
}

#[test]
fn dates_are_utc() {
    for (seconds, date) in [
        (0, "1970-01-01 00:00:00"),
        (951_827_696, "2000-02-29 12:34:56"),
        (4_102_444_799, "2099-12-31 23:59:59"),
    ] {
        assert_eq!(super::date::formatted("%F %T", seconds).unwrap(), date);
    }
    check_fails("date yesterday", 2, "+FORMAT");
}
