//! Counters, leases and the bus.

use std::sync::Arc;

use bytes::Bytes;

use super::Make;
use crate::{Change, Contents, Home, Notice, Reply};

pub(super) fn check(make: Make<'_>) {
    counters_count(&make());
    a_lease_is_one_holders(&make());
    news_reach_who_listens(&make());
    all_of_a_space_is_told(&make());
}

fn counters_count(home: &Arc<dyn Home>) {
    let add = |name, by| home.add("home", name, by).wait().unwrap();
    assert_eq!((add("a", 2), add("a", 3), add("b", -1), add("a", 0)), (2, 5, -1, 5));
    assert_eq!(home.add("other", "a", 0).wait().unwrap(), 0);
    assert_eq!((add("a", i64::MAX), add("b", i64::MIN)), (i64::MAX, i64::MIN));
}

fn all_of_a_space_is_told(home: &Arc<dyn Home>) {
    assert!(home.spaces().wait().unwrap().is_empty());
    assert_eq!(home.contents("home").wait().unwrap(), Contents::default());
    let put = |space: &str, kind: &'static str, id: &str| {
        home.apply(space, vec![Change::put(kind, id, "x").expiring(Some(500))], 0).wait().unwrap();
    };
    for (kind, id) in [("b", "1"), ("a", "3"), ("b", "0"), ("a", "2")] {
        put("home", kind, id);
    }
    put("home2", "a", "1");
    // Put anew it keeps its place.
    put("home", "b", "1");
    home.add("home", "n", 7).wait().unwrap();
    home.add("counted", "n", 1).wait().unwrap();
    for id in ["y", "x"] {
        let mut writer = home.create("home", id);
        writer.write(Bytes::from_static(b"content")).wait().unwrap();
        writer.finish().wait().unwrap();
    }
    assert_eq!(home.spaces().wait().unwrap(), ["counted", "home", "home2"]);
    let contents = home.contents("home").wait().unwrap();
    let ids: Vec<(&str, &str)> = contents.documents.iter().map(|(kind, id, _)| (&**kind, &**id)).collect();
    assert_eq!(ids, [("b", "1"), ("a", "3"), ("b", "0"), ("a", "2")]);
    assert!(contents.documents.iter().all(|(_, _, d)| d.body == "x" && d.expires_at_ms == Some(500)));
    assert_eq!((contents.blobs, contents.counters), (vec!["x".to_owned(), "y".to_owned()], vec![("n".to_owned(), 7)]));
    home.clear("home").wait().unwrap();
    assert_eq!(home.spaces().wait().unwrap(), ["counted", "home2"]);
}

fn a_lease_is_one_holders(home: &Arc<dyn Home>) {
    let acquire = |now, until| home.acquire("home", "job", now, until).wait().unwrap();
    let first = acquire(0, 100).unwrap();
    assert_eq!((first.name.as_str(), first.until_ms), ("job", 100));
    assert_eq!(acquire(99, 200), None);
    assert!(home.acquire("other", "job", 0, 100).wait().unwrap().is_some());
    let renewed = home.renew("home", &first, 50, 150).wait().unwrap().unwrap();
    assert_eq!((renewed.fence, renewed.until_ms), (first.fence, 150));
    assert_eq!(acquire(149, 200), None);
    // It slept through its end: another has it now.
    let second = acquire(150, 250).unwrap();
    assert!(second.fence > first.fence);
    assert_eq!(home.renew("home", &renewed, 160, 300).wait().unwrap(), None);
    assert!(!home.release("home", &renewed).wait().unwrap());
    assert_eq!(acquire(160, 300), None);
    assert!(home.release("home", &second).wait().unwrap());
    assert!(!home.release("home", &second).wait().unwrap());
    let third = acquire(161, 300).unwrap();
    assert!(third.fence > second.fence);
    assert_eq!(home.renew("home", &third, 300, 400).wait().unwrap(), None, "it is over");
}

fn news_reach_who_listens(home: &Arc<dyn Home>) {
    home.publish("home", "thread", Bytes::from("nobody hears"));
    let mut one = home.subscribe("home", "thread");
    let mut two = home.subscribe("home", "thread");
    let mut other = home.subscribe("home", "thread 2");
    let mut elsewhere = home.subscribe("other", "thread");
    home.publish("home", "thread", Bytes::from("1"));
    home.publish("home", "thread", Bytes::from("2"));
    let message = |text: &'static str| Some(Notice::Message(Bytes::from(text)));
    let next = Reply::later(async move { Ok((one.next().await, one)) });
    let (heard, mut one) = next.wait().unwrap();
    assert_eq!((heard, two.try_next()), (message("1"), message("1")));
    assert_eq!((one.try_next(), one.try_next()), (message("2"), None));
    assert_eq!((other.try_next(), elsewhere.try_next()), (None, None));
    drop(one);
    // Who is far behind is told so, and hears on.
    for _ in 0..1000 {
        home.publish("home", "thread", Bytes::from("3"));
    }
    let mut missed = false;
    while let Some(notice) = two.try_next() {
        missed |= notice == Notice::Missed;
    }
    assert!(missed);
    home.publish("home", "thread", Bytes::from("4"));
    assert_eq!(two.try_next(), message("4"));
}
