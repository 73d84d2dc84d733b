//! Documents in memory: gone with the process, the oldest of a kind gone when there are too many.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::{Documents, Listing, Page, StoreError};

/// A store in memory.
#[derive(Debug)]
pub struct Memory {
    kinds: Mutex<FxHashMap<String, Shelf>>,
    most: usize,
}

/// The documents of one kind.
#[derive(Debug, Default)]
struct Shelf {
    /// By number of making.
    documents: BTreeMap<u64, (String, Bytes)>,
    numbers: FxHashMap<String, u64>,
    next: u64,
}

impl Memory {
    /// An empty store that keeps at most `most` documents of each kind.
    pub fn new(most: usize) -> Self {
        Self { kinds: Mutex::default(), most }
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<String, Shelf>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Documents for Memory {
    fn put(&self, kind: &str, id: &str, body: Bytes) -> Result<(), StoreError> {
        let mut kinds = self.lock();
        let shelf = kinds.entry(kind.to_owned()).or_default();
        if let Some(number) = shelf.numbers.get(id) {
            shelf.documents.insert(*number, (id.to_owned(), body));
            return Ok(());
        }
        if shelf.documents.len() >= self.most
            && let Some((_, (oldest, _))) = shelf.documents.pop_first()
        {
            shelf.numbers.remove(&oldest);
        }
        shelf.documents.insert(shelf.next, (id.to_owned(), body));
        shelf.numbers.insert(id.to_owned(), shelf.next);
        shelf.next += 1;
        Ok(())
    }

    fn get(&self, kind: &str, id: &str) -> Result<Option<Bytes>, StoreError> {
        let kinds = self.lock();
        let found = kinds.get(kind).and_then(|shelf| shelf.documents.get(shelf.numbers.get(id)?));
        Ok(found.map(|(_, body)| body.clone()))
    }

    fn delete(&self, kind: &str, id: &str) -> Result<bool, StoreError> {
        let mut kinds = self.lock();
        let Some(shelf) = kinds.get_mut(kind) else { return Ok(false) };
        let Some(number) = shelf.numbers.remove(id) else { return Ok(false) };
        Ok(shelf.documents.remove(&number).is_some())
    }

    fn list(&self, kind: &str, page: &Page, wanted: &dyn Fn(&Bytes) -> bool) -> Result<Listing, StoreError> {
        let kinds = self.lock();
        let empty = Shelf::default();
        let shelf = kinds.get(kind).unwrap_or(&empty);
        let cursor = match &page.after {
            None => None,
            Some(id) => Some(*shelf.numbers.get(id).ok_or_else(|| StoreError::NoCursor(id.clone()))?),
        };
        let (from, to) = match (cursor, page.descending) {
            (None, _) => (0, u64::MAX),
            (Some(cursor), false) => (cursor + 1, u64::MAX),
            (Some(cursor), true) => (0, cursor),
        };
        let range = shelf.documents.range(from..to.max(from)).map(|(_, document)| document);
        let mut ordered: Box<dyn Iterator<Item = &(String, Bytes)>> =
            if page.descending { Box::new(range.rev()) } else { Box::new(range) };
        let mut listing = Listing::default();
        for (id, body) in ordered.by_ref().filter(|(_, body)| wanted(body)) {
            if listing.documents.len() >= page.limit {
                listing.has_more = true;
                break;
            }
            listing.documents.push((id.clone(), body.clone()));
        }
        Ok(listing)
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.lock().clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(store: &Memory, after: Option<&str>, limit: usize, descending: bool) -> (Vec<String>, bool) {
        let page = Page { after: after.map(str::to_owned), limit, descending };
        let listing = store.list("cat", &page, &|_| true).unwrap();
        (listing.documents.into_iter().map(|(id, _)| id).collect(), listing.has_more)
    }

    #[test]
    fn pages_follow_one_another_in_both_orders() {
        let store = Memory::new(10);
        for id in ["a", "b", "c", "d"] {
            store.put("cat", id, Bytes::from(id)).unwrap();
        }
        store.put("cat", "b", Bytes::from("new")).unwrap();
        assert_eq!(ids(&store, None, 3, false), (vec!["a".into(), "b".into(), "c".into()], true));
        assert_eq!(ids(&store, Some("c"), 3, false), (vec!["d".into()], false));
        assert_eq!(ids(&store, Some("c"), 1, true), (vec!["b".into()], true));
        assert_eq!(store.get("cat", "b").unwrap(), Some(Bytes::from("new")));
        assert_eq!(store.get("dog", "b").unwrap(), None);
        let page = Page { after: Some("zzz".into()), limit: 1, descending: false };
        assert_eq!(store.list("cat", &page, &|_| true).unwrap_err(), StoreError::NoCursor("zzz".into()));
    }

    proptest! {
        #[test]
        fn it_behaves_as_a_bounded_list(steps in prop::collection::vec((0..3_u8, 0..12_u8), 0..80)) {
            let (store, mut model) = (Memory::new(5), Vec::<String>::new());
            for (step, name) in steps {
                let id = name.to_string();
                if step == 0 {
                    prop_assert_eq!(store.delete("cat", &id).unwrap(), model.contains(&id));
                    model.retain(|known| *known != id);
                } else {
                    store.put("cat", &id, Bytes::new()).unwrap();
                    if !model.contains(&id) {
                        if model.len() == 5 {
                            model.remove(0);
                        }
                        model.push(id);
                    }
                }
                prop_assert_eq!(ids(&store, None, 100, false).0, model.clone());
            }
        }
    }
}
