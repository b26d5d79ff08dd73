//! What the process takes of its machine, as Linux tells in `/proc`; elsewhere nothing is told.

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fs;

/// Clock ticks in a second, as the kernel shows them to programs.
const TICKS: f64 = 100.0;

pub(super) fn register(registry: &mut Registry) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let machine = fs::read_to_string("/proc/stat").unwrap_or_default();
    let open = fs::read_dir("/proc/self/fd").ok().map(|fds| fds.count() as f64);
    let gauges = [
        ("process_resident_memory_bytes", "Resident memory", resident(&status)),
        ("process_open_fds", "Open file descriptors", open),
        ("process_max_fds", "File descriptors that may be open", fds_max(&limits)),
        ("process_start_time_seconds", "When the process began, since 1970", began(&stat, &machine)),
    ];
    for (name, help, value) in gauges {
        if let Some(value) = value {
            registry.register(name, help, ConstGauge::new(value));
        }
    }
    if let Some(seconds) = cpu(&stat) {
        registry.register("process_cpu_seconds", "Time on processors", ConstCounter::new(seconds));
    }
}

fn resident(status: &str) -> Option<f64> {
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(kib.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}

fn fds_max(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The fields of `/proc/self/stat` behind the program's name, which may hold anything; the first is field 3.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(number - 3)?.parse().ok()
}

fn cpu(stat: &str) -> Option<f64> {
    Some((field(stat, 14)? + field(stat, 15)?) / TICKS)
}

fn began(stat: &str, machine: &str) -> Option<f64> {
    let boot: f64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + field(stat, 22)? / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_says_is_read() {
        assert_eq!(resident("Name:\tskep\nVmRSS:\t   2048 kB\n"), Some(2_097_152.0));
        let limits =
            "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024      4096     files\n";
        assert_eq!(fds_max(limits), Some(1024.0));
        let fields: Vec<_> = (4..=30).map(|n| (n * 100).to_string()).collect();
        let stat = format!("7 (a ) b) R {}", fields.join(" "));
        assert_eq!(cpu(&stat), Some(14.0 + 15.0));
        assert_eq!(began(&stat, "cpu 1\nbtime 1000\n"), Some(1022.0));
        for odd in ["", "7 (a", "7 (a) R"] {
            assert_eq!(
                (cpu(odd), began(odd, "btime 1\n"), resident(odd), fds_max(odd)),
                (None, None, None, None)
            );
        }
    }
}
