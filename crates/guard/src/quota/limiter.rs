//! Everybody's buckets.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::bucket::Bucket;
use super::tier::Limits;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
const SHARDS: usize = 64;

/// Whose buckets: a key (or whoever is anonymous), its project and the model asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject(u128);

impl Subject {
    /// The subject that goes by these: a hash of its key, and names.
    pub fn new(credential: u128, project: &str, model: &str) -> Self {
        let mut bytes = Vec::with_capacity(project.len() + model.len() + 17);
        bytes.extend_from_slice(&credential.to_le_bytes());
        bytes.extend_from_slice(project.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(model.as_bytes());
        Self(xxh3_128(&bytes))
    }
}

/// What a request takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Requests; 1, or 0 for what is no request of its own.
    pub requests: u64,
    /// Tokens of the prompt and the answer, as far as known.
    pub tokens: u64,
    /// Pictures.
    pub images: u64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests in a minute.
    RequestsPerMinute,
    /// Requests in a day.
    RequestsPerDay,
    /// Tokens in a minute.
    TokensPerMinute,
    /// Tokens in a day.
    TokensPerDay,
    /// Pictures in a minute.
    ImagesPerMinute,
}

impl Measure {
    const ALL: [Self; 5] = [
        Self::RequestsPerMinute,
        Self::RequestsPerDay,
        Self::TokensPerMinute,
        Self::TokensPerDay,
        Self::ImagesPerMinute,
    ];

    /// As OpenAI's messages say it: `requests per min (RPM)`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::RequestsPerMinute => "requests per min (RPM)",
            Self::RequestsPerDay => "requests per day (RPD)",
            Self::TokensPerMinute => "tokens per min (TPM)",
            Self::TokensPerDay => "tokens per day (TPD)",
            Self::ImagesPerMinute => "images per min (IPM)",
        }
    }

    /// The `type` of OpenAI's error: `requests`, `tokens` or `images`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::RequestsPerMinute | Self::RequestsPerDay => "requests",
            Self::TokensPerMinute | Self::TokensPerDay => "tokens",
            Self::ImagesPerMinute => "images",
        }
    }

    const fn window(self) -> Duration {
        match self {
            Self::RequestsPerDay | Self::TokensPerDay => DAY,
            _ => MINUTE,
        }
    }

    const fn limit(self, limits: &Limits) -> Option<u64> {
        match self {
            Self::RequestsPerMinute => limits.requests_per_minute,
            Self::RequestsPerDay => limits.requests_per_day,
            Self::TokensPerMinute => limits.tokens_per_minute,
            Self::TokensPerDay => limits.tokens_per_day,
            Self::ImagesPerMinute => limits.images_per_minute,
        }
    }

    const fn of(self, cost: Cost) -> u64 {
        match self {
            Self::RequestsPerMinute | Self::RequestsPerDay => cost.requests,
            Self::TokensPerMinute | Self::TokensPerDay => cost.tokens,
            Self::ImagesPerMinute => cost.images,
        }
    }
}

/// How much room one limit leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The limit.
    pub limit: u64,
    /// What is left of it now.
    pub remaining: u64,
    /// How long until all of it is there again.
    pub reset: Duration,
}

/// Where somebody stands, as the headers of every answer tell. With a limit a minute and one a day, the one that has less
/// left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Requests.
    pub requests: Option<Room>,
    /// Tokens.
    pub tokens: Option<Room>,
    /// Pictures.
    pub images: Option<Room>,
}

/// Why a request may not be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which limit it is.
    pub measure: Measure,
    /// The limit.
    pub limit: u64,
    /// What is used of it.
    pub used: u64,
    /// What was asked for.
    pub requested: u64,
    /// When to come back; `None` if it is more than the limit ever allows.
    pub retry_after: Option<Duration>,
    /// Where they stand.
    pub standing: Standing,
}

/// What was taken for a request that is under way.
#[derive(Clone, Copy, Debug)]
#[must_use = "what is reserved has to be settled"]
pub struct Reservation {
    subject: Subject,
    limits: Limits,
    tokens: u64,
}

/// Everybody's buckets, in bounded memory.
#[derive(Debug)]
pub struct Limiter {
    shards: Vec<Mutex<FxHashMap<Subject, Account>>>,
    most: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Account {
    buckets: [Bucket; 5],
    seen: Tick,
}

impl Limiter {
    /// Keeps the buckets of about `most` subjects; who is one too many takes the place of who was quiet for longest.
    pub fn new(most: usize) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), most: most.div_ceil(SHARDS).max(1) }
    }

    /// Takes `cost` from all buckets of `subject`, or from none.
    pub fn reserve(
        &self,
        subject: Subject,
        limits: &Limits,
        cost: Cost,
        now: Tick,
    ) -> Result<(Reservation, Standing), Box<Refusal>> {
        let mut shard = self.shard(subject);
        let account = account(&mut shard, subject, self.most, now);
        if let Some(refusal) = account.refusal(limits, cost, now) {
            return Err(Box::new(refusal));
        }
        for (bucket, measure) in account.buckets.iter_mut().zip(Measure::ALL) {
            if let Some(limit) = measure.limit(limits) {
                bucket.take(measure.of(cost) as f64, limit, measure.window(), now);
            }
        }
        Ok((Reservation { subject, limits: *limits, tokens: cost.tokens }, account.standing(limits, now)))
    }

    /// Takes or gives back what a request used more or less than was reserved.
    pub fn settle(&self, reservation: Reservation, tokens: u64, now: Tick) {
        let Reservation { subject, limits, tokens: reserved } = reservation;
        if tokens == reserved {
            return;
        }
        let mut shard = self.shard(subject);
        let account = account(&mut shard, subject, self.most, now);
        for measure in [Measure::TokensPerMinute, Measure::TokensPerDay] {
            if let Some(limit) = measure.limit(&limits) {
                account.buckets[measure as usize].take(tokens as f64 - reserved as f64, limit, measure.window(), now);
            }
        }
    }

    /// Where `subject` stands; nothing is taken.
    pub fn standing(&self, subject: Subject, limits: &Limits, now: Tick) -> Standing {
        self.shard(subject).get(&subject).copied().unwrap_or_default().standing(limits, now)
    }

    /// How many have buckets.
    pub fn subjects(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Makes every bucket full.
    pub fn clear(&self) {
        for shard in &self.shards {
            lock(shard).clear();
        }
    }

    fn shard(&self, subject: Subject) -> MutexGuard<'_, FxHashMap<Subject, Account>> {
        lock(&self.shards[subject.0 as usize % SHARDS])
    }
}

fn lock(shard: &Mutex<FxHashMap<Subject, Account>>) -> MutexGuard<'_, FxHashMap<Subject, Account>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn account(shard: &mut FxHashMap<Subject, Account>, subject: Subject, most: usize, now: Tick) -> &mut Account {
    if shard.len() >= most && !shard.contains_key(&subject) {
        // A tenth at a time, so that a flood of invented keys does not search for the oldest again and again.
        let mut seen: Vec<(Tick, Subject)> = shard.iter().map(|(subject, account)| (account.seen, *subject)).collect();
        let gone = (most / 10).max(1).min(seen.len());
        seen.select_nth_unstable_by_key(gone - 1, |(seen, _)| *seen);
        for (_, subject) in &seen[..gone] {
            shard.remove(subject);
        }
    }
    let account = shard.entry(subject).or_default();
    account.seen = account.seen.max(now);
    account
}

impl Account {
    fn refusal(&self, limits: &Limits, cost: Cost, now: Tick) -> Option<Refusal> {
        let short = Measure::ALL.into_iter().filter_map(|measure| {
            let (limit, requested) = (measure.limit(limits)?, measure.of(cost));
            let (bucket, window) = (&self.buckets[measure as usize], measure.window());
            let wait = bucket.until(requested as f64, limit, window, now);
            if requested == 0 || (requested <= limit && wait.is_zero()) {
                return None;
            }
            let used = (limit as f64 - bucket.left(limit, window, now)).max(0.0).ceil() as u64;
            let retry_after = (requested <= limit).then_some(wait);
            Some(Refusal { measure, limit, used, requested, retry_after, standing: Standing::default() })
        });
        // The one that lasts longest is what has to be waited for.
        let refusal = short.max_by_key(|refusal| refusal.retry_after.unwrap_or(Duration::MAX))?;
        Some(Refusal { standing: self.standing(limits, now), ..refusal })
    }

    fn standing(&self, limits: &Limits, now: Tick) -> Standing {
        let room = |measure: Measure| {
            let limit = measure.limit(limits)?;
            let (bucket, window) = (&self.buckets[measure as usize], measure.window());
            // Rounding of floats must not hide a whole unit.
            let remaining = (bucket.left(limit, window, now) + 1e-6).max(0.0) as u64;
            Some(Room { limit, remaining, reset: bucket.until(limit as f64, limit, window, now) })
        };
        let tighter = |minute: Measure, day: Measure| match (room(minute), room(day)) {
            (Some(minute), Some(day)) => Some(if day.remaining < minute.remaining { day } else { minute }),
            (minute, day) => minute.or(day),
        };
        Standing {
            requests: tighter(Measure::RequestsPerMinute, Measure::RequestsPerDay),
            tokens: tighter(Measure::TokensPerMinute, Measure::TokensPerDay),
            images: room(Measure::ImagesPerMinute),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn per_minute(requests: u64, tokens: u64) -> Limits {
        Limits { requests_per_minute: Some(requests), tokens_per_minute: Some(tokens), ..Limits::default() }
    }

    fn one(tokens: u64) -> Cost {
        Cost { requests: 1, tokens, images: 0 }
    }

    fn someone() -> Subject {
        Subject::new(7, "project", "gpt-4o")
    }

    #[test]
    fn what_is_left_and_when_it_is_back_is_told() {
        let limiter = Limiter::new(10);
        let limits = per_minute(3, 1000);
        let (reservation, standing) = limiter.reserve(someone(), &limits, one(100), Tick::default()).unwrap();
        let requests = standing.requests.unwrap();
        assert_eq!((requests.limit, requests.remaining, requests.reset.as_millis()), (3, 2, 20_000));
        let tokens = standing.tokens.unwrap();
        assert_eq!((tokens.limit, tokens.remaining, tokens.reset.as_millis()), (1000, 900, 6000));
        limiter.settle(reservation, 40, Tick::default());
        assert_eq!(limiter.standing(someone(), &limits, Tick::default()).tokens.unwrap().remaining, 960);
    }

    #[test]
    fn a_refusal_takes_nothing_and_says_when_to_come_back() {
        let limiter = Limiter::new(10);
        let limits = per_minute(3, 1000);
        for _ in 0..3 {
            let (reservation, _) = limiter.reserve(someone(), &limits, one(0), Tick::default()).unwrap();
            limiter.settle(reservation, 0, Tick::default());
        }
        let refusal = limiter.reserve(someone(), &limits, one(500), Tick::default()).unwrap_err();
        assert_eq!((refusal.measure, refusal.limit, refusal.used), (Measure::RequestsPerMinute, 3, 3));
        assert_eq!(refusal.standing.tokens.unwrap().remaining, 1000);
        let back = Tick::default() + refusal.retry_after.unwrap();
        assert!(limiter.reserve(someone(), &limits, one(500), back).is_ok());
    }

    #[test]
    fn what_no_limit_allows_is_never_let_in() {
        let limiter = Limiter::new(10);
        let refusal = limiter.reserve(someone(), &per_minute(3, 1000), one(1001), Tick::default()).unwrap_err();
        assert_eq!((refusal.measure, refusal.requested, refusal.retry_after), (Measure::TokensPerMinute, 1001, None));
    }

    #[test]
    fn who_used_more_than_reserved_waits_for_it() {
        let limiter = Limiter::new(10);
        let limits = per_minute(100, 1000);
        let (reservation, _) = limiter.reserve(someone(), &limits, one(100), Tick::default()).unwrap();
        limiter.settle(reservation, 2000, Tick::default());
        let refusal = limiter.reserve(someone(), &limits, one(500), Tick::default()).unwrap_err();
        assert_eq!(refusal.retry_after.unwrap().as_secs(), 90);
    }

    #[test]
    fn invented_keys_do_not_grow_memory() {
        let limiter = Limiter::new(1000);
        for number in 0..100_000_u64 {
            let subject = Subject::new(u128::from(number), "", "m");
            let _ = limiter.reserve(subject, &per_minute(3, 10), one(1), Tick::from_nanos(number));
        }
        assert!(limiter.subjects() <= 1024 + SHARDS, "{}", limiter.subjects());
    }

    /// Of five times what is allowed, a minute lets in what is allowed, to a hundredth.
    #[test]
    fn a_minute_lets_in_what_the_limit_says() {
        for limit in [100_u64, 500, 10_000] {
            let limiter = Limiter::new(10);
            let limits = Limits { requests_per_minute: Some(limit), ..Limits::default() };
            let step = 60 * SECOND / (limit * 5);
            let mut let_in = [0_u64; 3];
            for attempt in 0..limit * 15 {
                let ok = limiter.reserve(someone(), &limits, one(0), Tick::from_nanos(attempt * step)).is_ok();
                let_in[(attempt / (limit * 5)) as usize] += u64::from(ok);
            }
            // The bucket that was full at first is empty after the first minute.
            for minute in &let_in[1..] {
                assert!(minute.abs_diff(limit) * 100 <= limit, "{let_in:?} of {limit}");
            }
        }
    }

    #[test]
    fn a_thousand_keys_at_once_get_exactly_what_is_theirs() {
        const KEYS: u128 = 1000;
        let (limiter, limits) = (Limiter::new(2000), per_minute(7, 1000));
        let let_in: Vec<std::sync::atomic::AtomicU64> = (0..KEYS).map(|_| 0.into()).collect();
        std::thread::scope(|scope| {
            for thread in 0..8_u128 {
                let (limiter, let_in) = (&limiter, &let_in);
                scope.spawn(move || {
                    for number in 0..KEYS * 3 {
                        let key = (number * 7 + thread * 131) % KEYS;
                        if let Ok((taken, _)) =
                            limiter.reserve(Subject::new(key, "", "m"), &limits, one(10), Tick::default())
                        {
                            let_in[key as usize].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                            limiter.settle(taken, 20, Tick::default());
                        }
                    }
                });
            }
        });
        assert!(let_in.iter().all(|count| count.load(std::sync::atomic::Ordering::Relaxed) == 7));
        let left = limiter.standing(Subject::new(3, "", "m"), &limits, Tick::default()).tokens.unwrap().remaining;
        assert_eq!(left, 1000 - 7 * 20);
    }

    #[test]
    fn an_account_is_small() {
        // 100,000 keys have to fit in 60 MB, with the table around them.
        assert!(size_of::<(Subject, Account)>() <= 120);
    }

    proptest! {
        /// At any rate and for any limit, what is let in is what the bucket held and what has come back since.
        #[test]
        fn as_much_is_let_in_as_the_bucket_gives(limit in 1_u64..2000, over in 2_u64..20, seconds in 1_u64..120) {
            let limiter = Limiter::new(10);
            let limits = per_minute(limit, 1);
            let limits = Limits { tokens_per_minute: None, ..limits };
            let attempts = limit * over * seconds / 60 + limit * 2;
            let step = seconds * SECOND / attempts;
            let mut let_in = 0_u64;
            for attempt in 0..attempts {
                let at = Tick::from_nanos(attempt * step);
                let_in += u64::from(limiter.reserve(someone(), &limits, one(0), at).is_ok());
            }
            let given = limit as f64 + limit as f64 * (step * attempts) as f64 / (60 * SECOND) as f64;
            let possible = given.min(attempts as f64);
            prop_assert!(let_in as f64 <= given + 1.0);
            prop_assert!(let_in as f64 >= possible - 2.0, "{let_in} of {possible}");
        }

        /// Whatever is reserved and settled in whatever order, nothing appears or is lost.
        #[test]
        fn tokens_are_conserved(uses in prop::collection::vec((0_u64..500, 0_u64..800), 1..50)) {
            let limiter = Limiter::new(10);
            let limits = Limits { tokens_per_minute: Some(1_000_000), ..Limits::default() };
            let (mut open, mut used) = (Vec::new(), 0);
            for (estimate, actual) in uses {
                let (reservation, _) = limiter.reserve(someone(), &limits, one(estimate), Tick::default()).unwrap();
                open.push((reservation, actual));
                used += actual;
            }
            for (reservation, actual) in open {
                limiter.settle(reservation, actual, Tick::default());
            }
            let left = limiter.standing(someone(), &limits, Tick::default()).tokens.unwrap().remaining;
            prop_assert_eq!(left, 1_000_000 - used);
        }
    }
}
