//! The command line: outputs, exit codes, and the words it says.

use crate::deployment::{Deployment, check, skep};
use skep_core::FaultCode;
use std::path::Path;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run_in(dir: &Path, args: &[&str]) -> Output {
    skep()
        .args(args)
        .env("HOME", dir)
        .env("XDG_CACHE_HOME", dir.join("cache"))
        .current_dir(dir)
        .output()
        .unwrap()
}

#[test]
fn run_needs_nothing_installed() {
    let dir = tempfile::tempdir().unwrap();
    let guest = skep_harness::guest("echo-typed");
    let guest = guest.to_str().unwrap();
    let run = |args: &[&str]| run_in(dir.path(), &[&["run", guest], args].concat());
    let added = run(&["add", r#"{"a":2,"b":3}"#]);
    check(&added, 0, "5");
    assert_eq!(text(&added.stdout).trim(), "5");
    check(&run(&["add", r#"{"a":2}"#]), 10, "b");
    check(&run(&["fail", r#"{"msg":"no luck"}"#]), 20, "no luck");
    check(&run(&["nope"]), 14, "nope");
    check(&run_in(dir.path(), &["run", "missing.wasm"]), 10, "missing.wasm");
    let only = dir.path().join("only.wasm");
    let component = "(component (core module $m (func (export \"twice\") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 2)))) (core instance $i (instantiate $m))
        (func (export \"twice\") (param \"n\" u32) (result u32) (canon lift (core func $i \"twice\"))))";
    std::fs::write(&only, wat::parse_str(component).unwrap()).unwrap();
    check(&run_in(dir.path(), &["run", "only.wasm", "n=21"]), 0, "42");
    check(&run_in(dir.path(), &["run", "only.wasm", "thrice", "n=21"]), 14, "thrice");
    let probe = skep_harness::guest("probe");
    std::fs::write(dir.path().join("a.txt"), "seen").unwrap();
    let read = r#"{"op":"read","path":"/data/a.txt"}"#;
    let with =
        run_in(dir.path(), &["run", probe.to_str().unwrap(), "fs", read, "--fs", "./a.txt:/data/a.txt"]);
    check(&with, 0, "seen");
    let without = run_in(dir.path(), &["run", probe.to_str().unwrap(), "fs", read]);
    check(&without, 0, "error");
}

#[test]
fn commands_work_without_a_server_and_with_one() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    let guest = skep_harness::guest("echo-typed");
    let skep = |args: &[&str]| run_in(dir.path(), &[args, &["--data", data]].concat());
    check(&skep(&["list"]), 0, "skep add");
    check(&skep(&["add", guest.to_str().unwrap(), "--name", "echo"]), 0, "echo");
    check(&skep(&["call", "echo/add", "a=2", "b=3"]), 0, "5");
    check(&skep(&["call", "echo/greet", r#"{"name":"Ann"}"#]), 0, "Ann");
    check(&skep(&["call", "echo/greet", "name=Ann"]), 0, "Ann");
    check(&skep(&["call", "ghost/x"]), 13, "ghost");
    check(&skep(&["inspect", "echo"]), 0, "greet");
    check(&skep(&["grants", "echo"]), 0, "skep grant");
    check(&skep(&["audit"]), 0, "unknown_skill");
    check(&skep(&["audit", "--verify"]), 0, "no flaw");
    let host = crate::deployment::Host::start(Path::new(data), &[]);
    check(&skep(&["call", "echo/add", "a=2", "b=3"]), 0, "5");
    let listed: serde_json::Value = serde_json::from_slice(&skep(&["list", "--json"]).stdout).unwrap();
    assert!(listed.to_string().contains("echo"), "{listed}");
    check(&skep(&["remove", "echo"]), 0, "echo");
    check(&skep(&["call", "echo/add", "a=2", "b=3"]), 13, "echo");
    host.stop();
}

#[test]
fn what_is_skeps_own_is_never_granted_and_listening_is_for_servers() {
    let dir = tempfile::tempdir().unwrap();
    let settings = dir.path().join(".config/skep");
    let (watched, guest) = (dir.path().join("watched"), skep_harness::guest("probe"));
    let guest = guest.to_str().unwrap();
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::create_dir(&watched).unwrap();
    let text = format!("listen = \"127.0.0.1:0\"\nwatch = {watched:?}\n");
    std::fs::write(settings.join("skep.toml"), text).unwrap();
    // Nothing is said of the data directory, so the key is beside the configuration.
    let skep = |args: &[&str]| run_in(dir.path(), args);
    check(&skep(&["add", guest, "--name", "probe"]), 0, "probe");
    assert!(settings.join("key").is_file());
    for place in [".config", ".config/skep/key", "watched", ".local/share/skep"] {
        check(&skep(&["grant", "probe", "--fs", &format!("{place}:/x")]), 10, place);
    }
    for place in [".config/skep", "cache/skep"] {
        let grant = format!("{place}:/x");
        check(&skep(&["run", guest, "counter", "--fs", &grant]), 10, place);
    }
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let on = Deployment::embedded();
    let output = on.host().skep(&["serve"]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains(on.host().data.to_str().unwrap()), "{output:?}");
}

#[test]
fn the_data_directory_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let on = Deployment::embedded();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&on.host().data), 0o700);
    assert_eq!(mode(&on.host().socket()), 0o600);
}

#[test]
fn all_mistakes_of_a_configuration_are_reported_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("skep.toml");
    std::fs::write(&file, "slots = \"many\"\nlisten = \"nowhere\"\ncolour = 1\n").unwrap();
    let output = run_in(dir.path(), &["serve", "--config", file.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in ["slots", "listen", "colour"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn usage_mistakes_exit_with_2() {
    let dir = tempfile::tempdir().unwrap();
    check(&run_in(dir.path(), &["call"]), 2, "Usage");
    check(&run_in(dir.path(), &["nonsense"]), 2, "nonsense");
}

#[test]
fn every_exit_code_is_told() {
    let help = text(&skep().arg("--help").output().unwrap().stdout);
    let readme = std::fs::read_to_string(skep_harness::repository().join("README.md")).unwrap();
    for code in FaultCode::ALL {
        let exit = code.exit_code();
        assert!(help.contains(&format!("{exit}  {code}")), "--help lacks {exit} {code}");
        assert!(readme.contains(&format!("| {exit} | `{code}` |")), "README.md lacks {exit} {code}");
    }
}
