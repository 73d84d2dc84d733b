//! Offences, counted for each client, and the bans that follow.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

use super::client::Client;

/// Something a client should not have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offence {
    /// A key that is none.
    FailedLogin,
    /// A body over the limit.
    Oversized,
    /// A pattern of an attack.
    Injection,
    /// A request over the quota.
    OverQuota,
}

impl Offence {
    const ALL: [Self; 4] = [Self::FailedLogin, Self::Oversized, Self::Injection, Self::OverQuota];

    /// Its name: `failed_login` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FailedLogin => "failed_login",
            Self::Oversized => "oversized",
            Self::Injection => "injection",
            Self::OverQuota => "over_quota",
        }
    }
}

/// How many offences lead to how long a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// For each kind.
    pub kinds: Vec<(Offence, usize, Duration)>,
    /// For all kinds together, the smallest number first.
    pub together: Vec<(usize, Duration)>,
    /// How long an offence counts.
    pub memory: Duration,
    /// How many clients are watched at most.
    pub clients: usize,
}

impl Default for Thresholds {
    /// The original's numbers; it never forgot an offence, here one counts for an hour.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            kinds: vec![
                (Offence::FailedLogin, 5, seconds(300)),
                (Offence::Oversized, 10, seconds(300)),
                (Offence::Injection, 3, seconds(3600)),
                (Offence::OverQuota, 20, seconds(300)),
            ],
            together: vec![(10, seconds(300)), (30, seconds(3600)), (50, seconds(86_400))],
            memory: seconds(3600),
            clients: 100_000,
        }
    }
}

/// A client that is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who.
    pub client: Client,
    /// What it was for.
    pub offence: Offence,
    /// When it began.
    pub since: Tick,
    /// When it is over.
    pub until: Tick,
}

/// Offences and bans of all clients, in bounded memory.
#[derive(Debug)]
pub struct Watch {
    thresholds: Thresholds,
    clients: Mutex<FxHashMap<Client, Conduct>>,
}

#[derive(Debug, Default)]
struct Conduct {
    offences: VecDeque<(Tick, Offence)>,
    ban: Option<Ban>,
}

impl Watch {
    /// Nobody did anything yet.
    pub fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, clients: Mutex::default() }
    }

    /// Counts an offence; yields the ban it led to, if it did.
    pub fn note(&self, client: Client, offence: Offence, now: Tick) -> Option<Ban> {
        let mut clients = self.lock();
        if clients.len() >= self.thresholds.clients && !clients.contains_key(&client) {
            self.make_room(&mut clients, now);
        }
        let conduct = clients.entry(client).or_default();
        conduct.forget(self.thresholds.memory, now);
        conduct.offences.push_back((now, offence));
        let most = self.thresholds.together.iter().map(|(count, _)| *count).max().unwrap_or_default();
        let most = self.thresholds.kinds.iter().map(|(_, count, _)| *count).max().unwrap_or_default().max(most);
        while conduct.offences.len() > most.max(1) {
            conduct.offences.pop_front();
        }
        let lasts = self.sentence(&conduct.offences, offence)?;
        let ban = Ban { client, offence, since: now, until: now + lasts };
        // A ban under way is not made shorter by a smaller offence.
        let ban = conduct.ban.filter(|other| other.until > ban.until).unwrap_or(ban);
        conduct.ban = Some(ban);
        Some(ban)
    }

    /// The ban a client is under at `now`.
    pub fn ban(&self, client: Client, now: Tick) -> Option<Ban> {
        self.lock().get(&client)?.ban.filter(|ban| ban.until > now)
    }

    /// All bans at `now`, the one that lasts longest first.
    pub fn bans(&self, now: Tick) -> Vec<Ban> {
        let mut bans: Vec<Ban> =
            self.lock().values().filter_map(|conduct| conduct.ban).filter(|ban| ban.until > now).collect();
        bans.sort_by_key(|ban| (std::cmp::Reverse(ban.until), ban.client));
        bans
    }

    /// How often each kind was seen of a client within the memory.
    pub fn offences(&self, client: Client, now: Tick) -> Vec<(Offence, usize)> {
        let mut clients = self.lock();
        let Some(conduct) = clients.get_mut(&client) else { return Vec::new() };
        conduct.forget(self.thresholds.memory, now);
        let count = |kind| conduct.offences.iter().filter(|(_, offence)| *offence == kind).count();
        Offence::ALL.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0).collect()
    }

    /// Bans a client by hand.
    pub fn ban_for(&self, client: Client, offence: Offence, lasts: Duration, now: Tick) -> Ban {
        let ban = Ban { client, offence, since: now, until: now + lasts };
        self.lock().entry(client).or_default().ban = Some(ban);
        ban
    }

    /// Forgets a client and its ban; false if it was not banned.
    pub fn lift(&self, client: Client, now: Tick) -> bool {
        self.lock().remove(&client).and_then(|conduct| conduct.ban).is_some_and(|ban| ban.until > now)
    }

    /// Forgets whom nothing is held against any more; how many are left.
    pub fn sweep(&self, now: Tick) -> usize {
        let mut clients = self.lock();
        clients.retain(|_, conduct| conduct.matters(self.thresholds.memory, now));
        clients.len()
    }

    fn sentence(&self, offences: &VecDeque<(Tick, Offence)>, offence: Offence) -> Option<Duration> {
        let of_kind = offences.iter().filter(|(_, other)| *other == offence).count();
        let kind = self.thresholds.kinds.iter().filter(|(kind, count, _)| *kind == offence && of_kind >= *count);
        let together = self.thresholds.together.iter().filter(|(count, _)| offences.len() >= *count);
        kind.map(|(_, _, lasts)| *lasts).chain(together.map(|(_, lasts)| *lasts)).max()
    }

    fn make_room(&self, clients: &mut FxHashMap<Client, Conduct>, now: Tick) {
        clients.retain(|_, conduct| conduct.matters(self.thresholds.memory, now));
        if clients.len() < self.thresholds.clients {
            return;
        }
        // All of them matter: who is not banned goes first, who did something longest ago before others.
        let mut order: Vec<(bool, Tick, Client)> = clients
            .iter()
            .map(|(client, conduct)| {
                let banned = conduct.ban.is_some_and(|ban| ban.until > now);
                (banned, conduct.offences.back().map_or(Tick::default(), |(at, _)| *at), *client)
            })
            .collect();
        let gone = (order.len() / 10).max(1);
        order.select_nth_unstable(gone - 1);
        for (_, _, client) in &order[..gone] {
            clients.remove(client);
        }
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<Client, Conduct>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Conduct {
    fn forget(&mut self, memory: Duration, now: Tick) {
        while self.offences.front().is_some_and(|(at, _)| now.since(*at) >= memory) {
            self.offences.pop_front();
        }
    }

    fn matters(&mut self, memory: Duration, now: Tick) -> bool {
        self.forget(memory, now);
        !self.offences.is_empty() || self.ban.is_some_and(|ban| ban.until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::from_nanos(seconds * 1_000_000_000)
    }

    fn client(number: u32) -> Client {
        IpAddr::V4(Ipv4Addr::from(number)).into()
    }

    #[test]
    fn offences_lead_to_the_originals_bans() {
        for (offence, count, lasts) in Thresholds::default().kinds {
            let watch = Watch::new(Thresholds { together: Vec::new(), ..Thresholds::default() });
            for number in 1..count {
                assert_eq!(watch.note(client(1), offence, at(number as u64)), None, "{offence:?} {number}");
            }
            let ban = watch.note(client(1), offence, at(100)).unwrap();
            assert_eq!((ban.until.since(at(100)), ban.offence), (lasts, offence));
            assert!(watch.ban(client(1), at(100)).is_some());
            assert!(watch.ban(client(1), ban.until).is_none());
            assert!(watch.ban(client(2), at(100)).is_none());
        }
    }

    #[test]
    fn what_goes_on_leads_to_longer_bans() {
        let watch = Watch::new(Thresholds { kinds: Vec::new(), ..Thresholds::default() });
        let lasts: Vec<_> = (1..=50)
            .filter_map(|number| watch.note(client(1), Offence::OverQuota, at(number)))
            .map(|ban| ban.until.since(ban.since).as_secs())
            .collect();
        assert_eq!((lasts[0], lasts[20], lasts[40]), (300, 3600, 86_400));
    }

    #[test]
    fn offences_are_forgotten_and_bans_lifted() {
        let watch = Watch::new(Thresholds::default());
        for number in 0..4 {
            watch.note(client(1), Offence::FailedLogin, at(number));
        }
        // The four are an hour old.
        assert_eq!(watch.note(client(1), Offence::FailedLogin, at(3604)), None);
        assert_eq!(watch.offences(client(1), at(3604)), [(Offence::FailedLogin, 1)]);
        let ban = watch.ban_for(client(2), Offence::Injection, Duration::from_secs(10), at(3604));
        assert_eq!(watch.bans(at(3604)), [ban]);
        assert!(watch.lift(client(2), at(3604)) && !watch.lift(client(2), at(3604)));
        assert_eq!(watch.sweep(at(9999)), 0);
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_memory_or_free_the_banned() {
        let watch = Watch::new(Thresholds { clients: 100, ..Thresholds::default() });
        watch.ban_for(client(0), Offence::Injection, Duration::from_secs(1000), at(0));
        for number in 1..10_000 {
            watch.note(client(number), Offence::FailedLogin, at(1));
        }
        assert!(watch.sweep(at(1)) <= 100);
        assert!(watch.ban(client(0), at(1)).is_some());
    }

    proptest! {
        #[test]
        fn a_ban_never_ends_earlier_than_it_was_told(notes in prop::collection::vec((0_usize..4, 0_u64..4000), 1..80)) {
            let watch = Watch::new(Thresholds::default());
            let (mut now, mut told) = (0, at(0));
            for (kind, wait) in notes {
                now += wait;
                if let Some(ban) = watch.note(client(1), Offence::ALL[kind], at(now)) {
                    prop_assert!(ban.until >= told || told <= at(now));
                    told = ban.until;
                }
                prop_assert_eq!(watch.ban(client(1), at(now)).is_some(), told > at(now));
            }
        }
    }
}
