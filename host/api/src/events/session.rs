//! One client that listens: frames in, events out, until either side has enough.

use super::follow::Follows;
use crate::Api;
use crate::auth::Proof;
use crate::error::status_of;
use crate::request::from_json;
use crate::serve::Stay;
use crate::types::{Closing, EventAsk, EventWord, Problem};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use skep_core::{Fault, FaultCode, Identity};
use skep_router::{Listener, Told};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// How long a client may take to read why the connection is closed, and to close it.
const GOODBYE_MAX: Duration = Duration::from_secs(5);
/// How long a client is told on though nobody can say whether it is still known.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(10);

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goodbye {
    /// The client closed it, or it broke.
    Gone,
    Stopping,
    TooLarge,
    Unconfirmed,
    Unreadable,
    TooSlow,
    Unknown,
    Revoked,
    Silent,
}

impl Goodbye {
    fn closing(self) -> Option<(u16, &'static str)> {
        Some(match self {
            Self::Gone => return None,
            Self::Stopping => (1001, "this host stops: connect to another"),
            Self::TooLarge => (1009, "a frame is too large: at most 16 KiB are taken"),
            Self::Unconfirmed => {
                (1013, "whether you are still known can't be found out now: try again later")
            }
            Self::Unreadable => {
                (1013, "what happens to jobs can't be read now: follow them again later, from the last event")
            }
            Self::TooSlow => {
                (4000, "events came faster than they were read: subscribe to less, or read faster")
            }
            Self::Unknown => (4001, "nobody is known by what was sent, or nothing was sent in time"),
            Self::Revoked => (4002, "the key or token expired or was revoked"),
            Self::Silent => (4003, "nothing came from you for too long: answer pings, and read"),
        })
    }
}

/// One client.
pub(super) struct Session {
    api: Api,
    listener: Listener,
    follows: Follows,
    /// By what the client is known.
    proof: Proof,
    identity: Option<Identity>,
    stay: Stay,
    /// When the client was last known for sure.
    known: Instant,
}

impl Session {
    pub(super) fn new(
        api: Api,
        listener: Listener,
        proof: Proof,
        identity: Option<Identity>,
        stay: Stay,
    ) -> Self {
        Self { api, listener, follows: Follows::default(), proof, identity, stay, known: Instant::now() }
    }

    /// Serves the client to its end.
    pub(super) async fn attend(mut self, mut socket: WebSocket) {
        let goodbye = match self.converse(&mut socket).await {
            Ok(never) => match never {},
            Err(goodbye) => goodbye,
        };
        let Some((code, reason)) = goodbye.closing() else { return };
        // Nothing more is gathered for somebody who leaves.
        drop((self.listener, self.follows));
        let told = async {
            let closing = EventWord::Closing(Closing { code, reason: reason.to_owned() });
            socket.send(frame(&closing)).await?;
            socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await?;
            // Whoever goes while something is unread takes back what was sent.
            while let Some(Ok(_)) = socket.recv().await {}
            Ok::<_, axum::Error>(())
        };
        if timeout(GOODBYE_MAX, told).await.is_err() {
            tracing::debug!(code, "a client of events was left without goodbye");
        }
    }

    async fn converse(&mut self, socket: &mut WebSocket) -> Result<std::convert::Infallible, Goodbye> {
        let times = self.api.event_times.clone();
        match self.identity.clone() {
            Some(identity) => self.listener.identify(identity),
            None => self.introduce(socket, times.first_frame).await?,
        }
        let every = |span| {
            let mut ticks = interval(span);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.reset();
            ticks
        };
        let (mut ping, mut look_up) = (every(times.ping_every), every(times.look_up_every));
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                () = self.stay.over() => return Err(Goodbye::Stopping),
                () = self.listener.cut_off() => return Err(Goodbye::TooSlow),
                received = socket.recv() => {
                    heard = Instant::now();
                    if let Some(answer) = self.answer(received).await? {
                        self.send(socket, frame(&answer)).await?;
                    }
                }
                at = self.follows.stirred() => self.tell_of(socket, at).await?,
                told = self.listener.next() => self.send(socket, event(told)?).await?,
                _ = ping.tick() => {
                    if heard.elapsed() >= times.silence {
                        return Err(Goodbye::Silent);
                    }
                    self.send(socket, Message::Ping(Default::default())).await?;
                }
                _ = look_up.tick() => self.look_up().await?,
            }
        }
    }

    /// Waits for the frame that says who the client is.
    async fn introduce(&mut self, socket: &mut WebSocket, within: Duration) -> Result<(), Goodbye> {
        let first = tokio::select! {
            () = self.stay.over() => return Err(Goodbye::Stopping),
            first = timeout(within, first_text(socket)) => first.map_err(|_| Goodbye::Unknown)??,
        };
        let Ok(EventAsk::Authenticate(token)) = from_json(first.as_bytes()) else {
            return Err(Goodbye::Unknown);
        };
        self.proof.given(token);
        self.known = Instant::now();
        self.look_up().await.map_err(|goodbye| match goodbye {
            Goodbye::Revoked => Goodbye::Unknown,
            other => other,
        })
    }

    /// Makes sure that the client is still known, and heeds what it may hear by now.
    async fn look_up(&mut self) -> Result<(), Goodbye> {
        match self.proof.look_up(&self.api).await {
            Ok(Some(identity)) => {
                self.known = Instant::now();
                self.identity = Some(identity.clone());
                self.listener.identify(identity);
                Ok(())
            }
            Ok(None) => Err(Goodbye::Revoked),
            Err(_) if self.known.elapsed() < UNCONFIRMED_MAX && self.listener.identified() => Ok(()),
            Err(_) => Err(Goodbye::Unconfirmed),
        }
    }

    /// What is answered to what was received.
    async fn answer(
        &mut self,
        received: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<EventWord>, Goodbye> {
        let asked = match received {
            Some(Ok(Message::Text(text))) => from_json(text.as_bytes()),
            Some(Ok(Message::Binary(_))) => {
                Err(Fault::invalid_input("a frame is binary: send JSON as text".to_owned()))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(None),
            Some(Err(error)) => return Err(broken(&error)),
            None | Some(Ok(Message::Close(_))) => return Err(Goodbye::Gone),
        };
        let answer = match asked {
            Ok(asked) => self.heed(asked).await,
            Err(fault) => Err(fault),
        };
        Ok(Some(answer.unwrap_or_else(problem)))
    }

    async fn heed(&mut self, asked: EventAsk) -> Result<EventWord, Fault> {
        match asked {
            EventAsk::Subscribe(patterns) => self.listener.subscribe(patterns).map(EventWord::Subscribed),
            EventAsk::Unsubscribe(patterns) => {
                Ok(EventWord::Subscribed(self.listener.unsubscribe(&patterns)))
            }
            EventAsk::Follow(job) => self.follows.add(&self.api, self.who()?, job).await,
            EventAsk::Unfollow(job) => Ok(self.follows.remove(job)),
            EventAsk::Ping(value) => Ok(EventWord::Pong(value)),
            EventAsk::Authenticate(_) => {
                Err(Fault::conflict("it is known who you are: open another connection to be somebody else"))
            }
        }
    }

    fn who(&self) -> Result<Identity, Fault> {
        self.identity.clone().ok_or_else(|| Fault::denied("it isn't known who you are"))
    }

    /// Tells what happened to a job that is followed.
    async fn tell_of(&mut self, socket: &mut WebSocket, at: usize) -> Result<(), Goodbye> {
        let who = self.who().map_err(|_| Goodbye::Unknown)?;
        let words = tokio::select! {
            words = self.follows.look(at, &self.api, who) => words,
            () = self.stay.over() => return Err(Goodbye::Stopping),
        };
        let words = match words {
            Ok(words) => words,
            Err(fault) if fault.code == FaultCode::NotFound => {
                self.follows.lose(at);
                vec![problem(fault)]
            }
            Err(_) => return Err(Goodbye::Unreadable),
        };
        for word in words {
            self.send(socket, frame(&word)).await?;
        }
        Ok(())
    }

    /// Sends a frame, unless the client reads too slowly.
    async fn send(&self, socket: &mut WebSocket, frame: Message) -> Result<(), Goodbye> {
        tokio::select! {
            biased;
            sent = socket.send(frame) => sent.map_err(|_| Goodbye::Gone),
            () = self.listener.cut_off() => Err(Goodbye::TooSlow),
            () = self.stay.over() => Err(Goodbye::Stopping),
            () = tokio::time::sleep(self.api.event_times.silence) => Err(Goodbye::Silent),
        }
    }
}

async fn first_text(socket: &mut WebSocket) -> Result<Utf8Bytes, Goodbye> {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => return Ok(text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Binary(_))) => return Err(Goodbye::Unknown),
            Some(Err(error)) => return Err(broken(&error)),
            None | Some(Ok(Message::Close(_))) => return Err(Goodbye::Gone),
        }
    }
}

/// Whether a frame was too large, or the connection broke. The library tells it in words alone.
fn broken(error: &axum::Error) -> Goodbye {
    if error.to_string().contains("too long") || error.to_string().contains("too large") {
        Goodbye::TooLarge
    } else {
        Goodbye::Gone
    }
}

fn problem(fault: Fault) -> EventWord {
    EventWord::Problem(Problem::new(status_of(fault.code), fault))
}

fn event(told: Told) -> Result<Message, Goodbye> {
    match told {
        Told::Event(line) => Utf8Bytes::try_from(line).map(Message::Text).map_err(|_| Goodbye::Gone),
        Told::Lost(count) => Ok(frame(&EventWord::Lost(count))),
    }
}

fn frame(word: &EventWord) -> Message {
    Message::Text(serde_json::to_string(word).unwrap_or_else(|_| "null".to_owned()).into())
}
