//! The other shapes: typed skills without an SDK, and command-line programs.

use crate::fixture::Fixture;
use serde_json::{Value, json};

pub async fn typed(fixture: &Fixture) {
    let check = async |tool: &str, input: Value, expect: Value| {
        assert_eq!(*fixture.typed(tool, input).await.output(), expect, "{tool}");
    };
    check("greet", json!({ "name": "Änn" }), json!("Good day, Änn.")).await;
    let point = json!({ "x": 1.5, "y": -2.0, "note": "home" });
    check(
        "move",
        json!({ "point": point, "by": [0.5, 1.0] }),
        json!({ "x": 2.0, "y": -1.0, "note": "home" }),
    )
    .await;
    check(
        "move",
        json!({ "point": { "x": 0.0, "y": 0.0 }, "by": [1.0, 1.0] }),
        json!({ "x": 1.0, "y": 1.0, "note": null }),
    )
    .await;
    check("measure", json!({ "shape": { "tag": "circle", "val": 2.0 } }), json!(12.0)).await;
    let corners = vec![json!({ "x": 0.0, "y": 0.0 }); 3];
    check("measure", json!({ "shape": { "tag": "polygon", "val": corners } }), json!(3.0)).await;
    check("measure", json!({ "shape": { "tag": "nothing" } }), json!(0.0)).await;
    check("next", json!({ "colour": "red" }), json!("green")).await;
    check("next", json!({ "colour": "blue" }), json!("red")).await;
    check("readable", json!({ "rights": ["write", "share"] }), json!(["read", "write", "share"])).await;
    check("reverse", json!({ "bytes": "AAH/" }), json!("/wEA")).await;
    check("reverse", json!({ "bytes": "" }), json!("")).await;
    check("sum", json!({ "a": 9_007_199_254_740_990_u64, "b": 1 }), json!(9_007_199_254_740_991_u64)).await;
    check("first", json!({ "text": "öl" }), json!("ö")).await;
    check("first", json!({ "text": "" }), Value::Null).await;
    for (tool, input, says) in [
        ("sum", json!({ "a": "18446744073709551615", "b": 1 }), "too large"),
        ("greet", json!({ "name": "" }), "whom?"),
    ] {
        let failed = fixture.typed(tool, input).await;
        assert_eq!((failed.fault(), failed.message()), ("tool_error", says));
    }
}

pub async fn big_numbers(fixture: &Fixture) {
    let sum = fixture.typed("sum", json!({ "a": "18446744073709551614", "b": 1 })).await;
    assert_eq!(*sum.output(), json!("18446744073709551615"));
}

pub async fn typed_descriptions(fixture: &Fixture) {
    let detail = fixture.client().get(&format!("/v1/skills/{}-typed", fixture.name())).await.ok();
    let tools = detail["tools"].as_array().unwrap();
    let mut names: Vec<_> = tools.iter().map(|t| t["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["first", "greet", "measure", "move", "next", "readable", "reverse", "sum"]);
    let of = |name: &str| tools.iter().find(|t| t["name"] == name).unwrap()["description"].as_str().unwrap();
    assert!(of("reverse").contains("in reverse"), "{}", of("reverse"));
    assert!(of("greet").contains("Greets someone"), "{}", of("greet"));
}

pub async fn command(fixture: &Fixture) {
    std::fs::write(fixture.data.join("lines.txt"), "first\nsecond\n").unwrap();
    let args = ["--file", "/data/lines.txt", "--exit", "3"];
    let ran = fixture.command(json!({ "args": args, "stdin": "abc\n" })).await;
    let output = ran.output();
    assert_eq!(output["exit_code"], 3, "{output}");
    let stdout = output["stdout"].as_str().unwrap();
    let name = format!("arg 0: fixture-{}-command", fixture.language);
    for line in [&name, "arg 1: --file", "arg 4: 3", "ABC", "file: first"] {
        assert!(stdout.lines().any(|l| l == line), "{line}: {output}");
    }
    assert!(output["stderr"].as_str().unwrap().contains("done"), "{output}");
    let plain = fixture.command(json!({})).await;
    assert_eq!(plain.output()["exit_code"], 0, "{plain:?}");
}
