//! Reports over small tables and over the one in the repository.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::*;
use crate::settings::tests::usual;

const ORDERS: &str = include_str!("../../data/orders.csv");

fn report_with(text: &str, input: Value, progress: impl Fn(u64, u64) -> bool) -> Result<Value, String> {
    let request: Request = serde_json::from_value(input).unwrap();
    let table = Table::new("t.csv", text.as_bytes(), text.len() as u64, b',').unwrap();
    match make(table, &request, &usual(), progress) {
        Ok(report) => Ok(serde_json::to_value(report).unwrap()),
        Err(Error::Failed(text) | Error::InvalidInput(text)) => Err(text),
    }
}

fn report(text: &str, input: Value) -> Result<Value, String> {
    report_with(text, input, |_, _| true)
}

#[test]
fn groups_add_up_and_come_by_size() {
    let text = "who,what,amount\nann,tea,1.10\nbob,tea,2.20\nann,cake,3.30\nbob,tea,\n,tea,9\n";
    let found = report(
        text,
        json!({ "path": "", "columns": ["amount"], "group_by": ["who"], "of": ["amount"], "money": ["amount"] }),
    )
    .unwrap();
    assert_eq!(found["rows"], 5);
    assert_eq!(found["columns"][0]["numbers"]["sum"], 15.6);
    assert_eq!(found["columns"][0]["empty"], 1);
    let groups: Vec<_> = found["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            (group["key"]["who"].clone(), group["rows"].clone(), group["of"]["amount"]["sum"].clone())
        })
        .collect();
    assert_eq!(
        groups,
        [
            (json!(""), json!(1), json!(9.0)),
            (json!("ann"), json!(2), json!(4.4)),
            (json!("bob"), json!(2), json!(2.2)),
        ]
    );
    assert_eq!(found["groups"][0]["of"]["amount"]["currency"], "EUR");
}

#[test]
fn groups_past_a_limit_are_counted() {
    let mut text = "key,n\n".to_owned();
    for key in 0..1005 {
        text.push_str(&format!("{key},1\n"));
    }
    let found = report(&text, json!({ "path": "", "group_by": ["key"], "groups_max": 10 })).unwrap();
    assert_eq!(found["groups"].as_array().unwrap().len(), 10);
    assert_eq!((&found["groups_left_out"], &found["rows_left_out"]), (&json!(990), &json!(5)));
}

#[test]
fn unknown_columns_are_named() {
    for input in [json!({ "columns": ["x"] }), json!({ "group_by": ["x"] }), json!({ "money": ["x"] })] {
        let mut input = input;
        input["path"] = json!("");
        let problem = report("a,b\n1,2\n", input).unwrap_err();
        assert_eq!(problem, "no column `x`; there are a, b");
    }
    assert!(report("a\n1\n", json!({ "path": "", "of": ["a"] })).unwrap_err().contains("group_by"));
}

#[test]
fn a_long_table_reports_progress_and_can_be_stopped() {
    let text = format!("a\n{}", "12345\n".repeat(200_000));
    let seen = RefCell::new(Vec::new());
    report_with(&text, json!({ "path": "" }), |done, total| {
        seen.borrow_mut().push((done, total));
        true
    })
    .unwrap();
    let seen = seen.into_inner();
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted() && seen.last() == Some(&(text.len() as u64, text.len() as u64)), "{seen:?}");
    let stopped = report_with(&text, json!({ "path": "" }), |_, _| false).unwrap_err();
    assert!(stopped.contains("cancelled"), "{stopped}");
}

#[test]
fn the_orders_add_up() {
    let found = report(ORDERS, json!({ "path": "", "group_by": ["region"], "of": ["amount"] })).unwrap();
    let mut amount = 0.0;
    let mut rows = 0;
    for line in ORDERS.lines().skip(1) {
        rows += 1;
        amount += line.rsplit(',').nth(1).unwrap().parse::<f64>().unwrap();
    }
    assert_eq!(found["rows"], rows);
    let column =
        found["columns"].as_array().unwrap().iter().find(|column| column["name"] == "amount").unwrap();
    assert!((column["numbers"]["sum"].as_f64().unwrap() - amount).abs() < 1e-6);
    let groups = found["groups"].as_array().unwrap();
    let of_groups: f64 = groups.iter().map(|group| group["of"]["amount"]["sum"].as_f64().unwrap()).sum();
    assert!((of_groups - amount).abs() < 1e-6);
    assert_eq!(groups.len(), 4);
}
