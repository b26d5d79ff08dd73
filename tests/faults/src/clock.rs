//! The time as hosts tell it: this machine's.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Unix milliseconds.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// When a UUID of version 7 was made, in Unix milliseconds; none of what isn't one.
pub fn made_ms(uuid: &str) -> Option<u64> {
    let digits: String = uuid.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    (digits.len() == 12).then(|| u64::from_str_radix(&digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_tell_when_they_were_made() {
        assert_eq!(made_ms("0190d6e0-3a5b-7000-8000-000000000000"), Some(0x0190_d6e0_3a5b));
        assert_eq!(made_ms("short"), None);
    }
}
