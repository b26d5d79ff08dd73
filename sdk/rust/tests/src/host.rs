//! The modules on the host in memory: what an author's own tests can rely on.

use std::time::Duration;

use serde_json::json;
use skep::{
    Empty, Error, config, context,
    log::Level,
    secrets,
    skills::{self, Fault},
    state,
    testing::{self, Progress, Record},
};

#[test]
fn configuration_is_read_and_parsed() {
    assert_eq!(config::get("port"), Ok(None));
    testing::configure("port", "80");
    testing::configure("name", "web");
    assert_eq!(config::get("port"), Ok(Some("80".to_owned())));
    assert_eq!(config::parse::<u16>("port"), Ok(Some(80)));
    assert_eq!(config::parse::<u16>("none"), Ok(None));
    let problem = config::parse::<u16>("name").unwrap_err().to_string();
    assert!(problem.starts_with("configuration `name` = `web`: "), "{problem}");
    assert_eq!(config::all().unwrap().len(), 2);
}

#[test]
fn state_is_typed_or_bytes() {
    let bucket = state::durable().unwrap();
    assert_eq!(bucket.get::<Vec<u8>>("a"), Ok(None));
    bucket.set("a", &[1, 2]).unwrap();
    assert_eq!(bucket.get("a"), Ok(Some(vec![1, 2])));
    assert_eq!(bucket.get_bytes("a"), Ok(Some(b"[1,2]".to_vec())));
    assert_eq!(state::hot().unwrap().exists("a"), Ok(false));
    let problem = bucket.get::<String>("a").unwrap_err().to_string();
    assert!(problem.starts_with("state `a` holds something else"), "{problem}");
    assert_eq!(bucket.increment("n", 2), Ok(2));
    assert_eq!(bucket.increment("n", 3), Ok(5));
    assert_eq!(bucket.get("n"), Ok(Some(5_u64)));
    assert!(bucket.increment("a", 1).is_err());
    assert_eq!(bucket.keys(), Ok(vec!["a".to_owned(), "n".to_owned()]));
    bucket.delete("a").unwrap();
    assert_eq!(bucket.exists("a"), Ok(false));
    let problem = state::open("cold").unwrap_err().to_string();
    assert!(problem.contains("open `hot` or `durable`"), "{problem}");
}

#[test]
fn an_effect_is_made_once() {
    let bucket = state::durable().unwrap();
    assert_eq!(bucket.once("a", Ok), Ok(false));
    assert_eq!(bucket.once("a", |_| -> Result<bool, Error> { panic!("it was made") }), Ok(false));
    // What failed was not made.
    assert!(bucket.once("b", |_| Err::<u8, _>(Error::failed("no"))).is_err());
    assert_eq!(bucket.once("b", |begun| Ok(u8::from(begun))), Ok(0));
    // An earlier call was cut off.
    bucket.set("once/c", &json!({ "begun": "another call" })).unwrap();
    assert!(bucket.once("c", |begun| Err::<bool, _>(Error::failed(begun))).is_err());
    assert_eq!(bucket.once("c", Ok), Ok(true));
    assert_eq!(bucket.once("c", |begun| Ok(!begun)), Ok(true));
}

#[test]
fn a_value_is_swapped_only_for_what_it_was() {
    let bucket = state::hot().unwrap();
    assert_eq!(bucket.compare_and_set("k", Some(b"x"), Some(b"y")), Ok(false));
    assert_eq!(bucket.compare_and_set("k", None, Some(b"y")), Ok(true));
    assert_eq!(bucket.compare_and_set("k", Some(b"y"), None), Ok(true));
    assert_eq!(bucket.exists("k"), Ok(false));
    // Somebody else is faster, twice.
    let mut rivals = 2;
    let sum = bucket.update("sum", |before: Option<u64>| {
        if rivals > 0 {
            rivals -= 1;
            bucket.increment("sum", 10).unwrap();
        }
        before.unwrap_or_default() + 1
    });
    assert_eq!(sum, Ok(21));
    let mut never = 0;
    let lost = bucket.update("sum", |_: Option<u64>| {
        never += 1;
        bucket.increment("sum", 1).unwrap();
        0
    });
    assert!(lost.unwrap_err().to_string().contains("100 tries"));
    assert_eq!(never, 100);
}

#[test]
fn secrets_are_placeholders() {
    assert_eq!(secrets::get("KEY"), Err(Error::Failed("the test has no secret KEY".to_owned())));
    testing::secret("KEY");
    assert_eq!(secrets::get("KEY"), Ok("skep-secret-KEY".to_owned()));
    assert_eq!(secrets::basic("KEY", "ann"), Ok("skep-secret-KEY-ann".to_owned()));
}

#[test]
fn other_skills_answer_or_fault() {
    let doubled = |input: u64| skills::call::<u64>("double", None, &input);
    assert_eq!(doubled(2).unwrap_err().code, "unknown_skill");
    testing::answer("double", |tool, input| match (tool, input.as_u64()) {
        (None, Some(number)) => Ok(json!(number * 2)),
        _ => Err(Fault { code: "tool_error".to_owned(), message: "no number".to_owned() }),
    });
    assert_eq!(doubled(2), Ok(4));
    let fault = skills::call::<u64>("double", "of", "two").unwrap_err();
    assert_eq!(Error::from(fault), Error::Failed("tool_error: no number".to_owned()));
    assert_eq!(skills::call::<String>("double", None, &1).unwrap_err().code, "invalid_output");
    assert_eq!(skills::find("").unwrap()[0].name, "double");
}

#[test]
fn a_call_knows_its_context() {
    context::progress(1, 2, "pages");
    context::progress(2, None, None);
    let expect = [
        Progress { done: 1, total: Some(2), message: Some("pages".to_owned()) },
        Progress { done: 2, total: None, message: None },
    ];
    assert_eq!(testing::progress(), expect);
    assert!(context::time_left() > Duration::from_secs(1));
    assert!(!context::cancelled());
    testing::cancel();
    assert!(context::cancelled());
}

#[test]
fn the_crate_log_reaches_the_host() {
    let tool = |_: Empty| {
        log::info!(target: "orders", "{} read", 3);
        log::trace!("each step");
        skep::log::write(Level::Critical, "disk", "full");
        Ok::<_, Error>(Empty {})
    };
    testing::call(tool, json!({})).unwrap();
    let record = |level, context: &str, message: &str| Record {
        level,
        context: context.to_owned(),
        message: message.to_owned(),
    };
    let expect = [record(Level::Info, "orders", "3 read"), record(Level::Critical, "disk", "full")];
    assert_eq!(testing::records(), expect);
}
