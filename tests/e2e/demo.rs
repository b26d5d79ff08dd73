//! The demo, as a newcomer runs it.

#[test]
fn the_demo_runs_to_its_end() {
    let repository = skep_harness::repository();
    let mut command = std::process::Command::new(repository.join("tests/demo.sh"));
    command.current_dir(&repository).env("SKEP", env!("CARGO_BIN_EXE_skep"));
    let output = command.output().expect("the demo starts");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // What the program says, not what the script announces.
    for word in ["can grant files with --fs HOST:/data", "csv-report 0.2.0 serves", "no flaw found"] {
        assert!(said.contains(word), "no `{word}` in:\n{said}");
    }
}
