//! Schemas of the texts that places on the network and secrets are written in.

use crate::schema::{schemas, text};
use crate::{NetRule, SecretName, SecretRule};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

/// One part of a name.
const LABEL: &str = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
/// What no name ends in: a number, which some would read as an address.
const NO_NUMBER: &str = "(?!([^:]*\\.)?(0[xX][0-9a-fA-F]*|[0-9]+)\\.?(:|$))";
const OCTET: &str = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const V6: &str = "\\[[0-9a-fA-F:.]{2,45}\\]";
const PORT: &str =
    "(:(\\*|[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?";
const SECRET: &str = "[A-Z][A-Z0-9_]{0,62}";

fn host() -> String {
    let name = format!("(?=[^:]{{1,254}}(:|$)){NO_NUMBER}{LABEL}(\\.{LABEL})*\\.?");
    format!("((\\*\\.)?{name}|({OCTET}\\.){{3}}{OCTET}|{V6})")
}

fn net() -> String {
    format!("^[hH][tT][tT][pP][sS]?://(\\*|{}){PORT}$", host())
}

fn secret() -> String {
    let loopback = format!("[hH][tT][tT][pP]://(127(\\.{OCTET}){{3}}|\\[::1\\])");
    format!("^{SECRET}=([hH][tT][tT][pP][sS]://{}|{loopback}){PORT}$", host())
}

schemas! {
    NetRule = text("A place on the network; `*.` in front of a name stands for all below it.", &net(), "https://api.example.com");
    SecretName = text("The name of a secret.", &format!("^{SECRET}$"), "RATES_API_KEY");
    SecretRule = text("A secret, and where it may be sent.", &secret(), "RATES_API_KEY=https://api.example.com");
}
