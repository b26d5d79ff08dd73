//! What happens in a schedule, drawn from a number; and the least of it that still goes wrong.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skep_core::Lane;

/// Skills that have jobs, hosts that run them, callers that submit them.
pub(crate) const SKILLS: [&str; 2] = ["ant", "bee"];
pub(crate) const HOSTS: usize = 3;
pub(crate) const CALLERS: [&str; 2] = ["k", "l"];

/// One thing that happens. What it concerns is counted round what there is, so that any steps make a schedule.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Jobs are submitted together.
    Create(Vec<Draft>),
    /// What was submitted once is submitted again, as after an answer that was lost.
    CreateAgain(usize),
    /// A host takes jobs; it may never learn which.
    Claim { host: usize, wanted: Vec<(usize, Lane, usize)>, lost: bool },
    /// A host ends some of what it believes to have; it may never learn whether that held.
    End { host: usize, how: Vec<Option<How>>, lost: bool },
    /// A host ends once more what it got no answer for.
    EndAgain(usize),
    /// A host gives back what is its own and it doesn't know of.
    GiveBack(usize),
    /// A host beats.
    Beat(usize),
    /// A host dies, and another begins in its place.
    Die(usize),
    /// Somebody looks at what a host has, dead or not, …
    Look(usize),
    /// … and takes it from that host, then or later, or twice, if it hasn't beaten meanwhile.
    Release { look: usize, chance: f64 },
    /// Somebody takes a job back.
    Cancel(usize),
    /// Somebody wants a job tried again.
    Retry(usize),
    /// So many milliseconds pass.
    Pass(u64),
    /// What has been over for so many milliseconds is forgotten.
    Forget(u64),
}

/// A job in the making.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) skill: usize,
    pub(crate) lane: Lane,
    /// It is due after so many milliseconds, and expires so many later.
    pub(crate) due: u64,
    pub(crate) within: u64,
    pub(crate) caller: usize,
    pub(crate) key: Option<u8>,
    pub(crate) input: u8,
    pub(crate) idempotent: bool,
    pub(crate) task: bool,
}

/// What an attempt comes to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    Done,
    /// It fails so that it may be tried again, if there is more time.
    Failed,
    /// It traps, which is tried again where it does no harm.
    Trapped,
    Deferred,
    Interrupted,
    Cancelled,
}

/// The schedule of a number.
pub(crate) fn draw(seed: u64, steps: usize) -> Vec<Step> {
    let rng = &mut StdRng::seed_from_u64(seed);
    (0..steps).map(|_| step(rng)).collect()
}

fn step(rng: &mut StdRng) -> Step {
    let host = rng.random_range(0..HOSTS + 1);
    let lost = rng.random_bool(0.2);
    match rng.random_range(0..100) {
        0..18 => Step::Create((0..rng.random_range(1..4)).map(|_| draft(rng)).collect()),
        18..21 => Step::CreateAgain(rng.random_range(0..8)),
        21..41 => Step::Claim { host, wanted: wanted(rng), lost },
        41..43 => Step::Beat(host),
        43..65 => {
            let how = (0..rng.random_range(1..5)).map(|_| rng.random_bool(0.7).then(|| how(rng)));
            Step::End { host, how: how.collect(), lost }
        }
        65..69 => Step::EndAgain(host),
        69..72 => Step::GiveBack(host),
        72..75 => Step::Die(host),
        75..80 => Step::Look(rng.random_range(0..12)),
        80..85 => {
            let chance = [0.0, 0.5, 1.0][rng.random_range(0..3)];
            Step::Release { look: rng.random_range(0..6), chance }
        }
        85..90 => Step::Cancel(rng.random_range(0..32)),
        90..94 => Step::Retry(rng.random_range(0..32)),
        94..99 => Step::Pass([1, 200, 2_000, 60_000][rng.random_range(0..4)]),
        _ => Step::Forget([0, 1_000, 60_000][rng.random_range(0..3)]),
    }
}

fn draft(rng: &mut StdRng) -> Draft {
    Draft {
        skill: rng.random_range(0..SKILLS.len()),
        lane: Lane::ALL[rng.random_range(0..3)],
        due: [0, 0, 0, 200, 2_000][rng.random_range(0..5)],
        within: [100, 5_000, 600_000][rng.random_range(0..3)],
        caller: rng.random_range(0..CALLERS.len()),
        key: rng.random_bool(0.3).then(|| rng.random_range(0..4)),
        input: rng.random_range(0..2),
        idempotent: rng.random_bool(0.5),
        task: rng.random_bool(0.2),
    }
}

/// Some of a few skills and lanes, none twice.
fn wanted(rng: &mut StdRng) -> Vec<(usize, Lane, usize)> {
    let all = (0..SKILLS.len()).flat_map(|skill| Lane::ALL.map(|lane| (skill, lane)));
    let some = all.filter(|_| rng.random_bool(0.6)).collect::<Vec<_>>();
    some.into_iter().map(|(skill, lane)| (skill, lane, rng.random_range(1..4))).collect()
}

fn how(rng: &mut StdRng) -> How {
    match rng.random_range(0..10) {
        0..4 => How::Done,
        4..6 => How::Failed,
        6 => How::Trapped,
        7 => How::Deferred,
        8 => How::Interrupted,
        _ => How::Cancelled,
    }
}

/// Leaves out what isn't needed for something to go wrong; says what does then.
pub(crate) fn shrink(mut steps: Vec<Step>, wrong: impl Fn(&[Step]) -> Option<String>) -> (Vec<Step>, String) {
    let mut piece = steps.len();
    let mut why = "it went wrong once only".to_owned();
    while piece > 0 {
        let (mut at, mut fewer) = (0, false);
        while at < steps.len() {
            let rest = [&steps[..at], &steps[(at + piece).min(steps.len())..]].concat();
            match wrong(&rest) {
                Some(reason) => (steps, why, fewer) = (rest, reason, true),
                None => at += piece,
            }
        }
        piece = if fewer { piece } else { piece / 2 };
    }
    (steps, why)
}
