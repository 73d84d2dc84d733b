//! The items of a conversation, in order.

use serde_json::{Value, json};

use super::dialect::Dialect;
use super::item::{Content, Item, Said};
use crate::error::ApiError;

/// Most items of a conversation.
const MOST_ITEMS: usize = 4096;

/// The items of a conversation, in order.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub id: String,
    items: Vec<Item>,
}

impl Conversation {
    pub(super) fn new(id: String) -> Self {
        Self { id, items: Vec::new() }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The item of this id.
    pub(super) fn get(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.id == id)
    }

    /// The id of the last item.
    pub(super) fn last(&self) -> Option<&str> {
        self.items.last().map(|item| item.id.as_str())
    }

    /// Puts an item behind another one, before all others if that is `root`, at the end unless told otherwise. Yields the
    /// id of the item before it.
    ///
    /// # Errors
    /// There is no such item, or the new one's id is taken, or there are too many.
    pub(super) fn insert(&mut self, item: Item, previous: Option<&str>) -> Result<Option<String>, ApiError> {
        if self.items.len() >= MOST_ITEMS {
            let message = format!("A conversation has at most {MOST_ITEMS} items: delete some.");
            return Err(ApiError::invalid(message).code("conversation_too_long"));
        }
        if self.get(&item.id).is_some() {
            let message = format!("Error adding item: an item with id '{}' already exists.", item.id);
            return Err(ApiError::invalid(message).param("item.id").code("item_create_duplicate_id"));
        }
        let place = match previous {
            None => self.items.len(),
            Some("root") => 0,
            Some(id) => self.place(id, "previous_item_id", "item_create_invalid_previous_item_id")? + 1,
        };
        let before = place.checked_sub(1).map(|before| self.items[before].id.clone());
        self.items.insert(place, item);
        Ok(before)
    }

    /// # Errors
    /// There is no such item.
    pub(super) fn delete(&mut self, id: &str) -> Result<Item, ApiError> {
        let place = self.place(id, "item_id", "item_delete_invalid_item_id")?;
        Ok(self.items.remove(place))
    }

    /// The item as it is shown.
    ///
    /// # Errors
    /// There is no such item.
    pub(super) fn retrieve(&self, id: &str, dialect: Dialect) -> Result<Value, ApiError> {
        let place = self.place(id, "item_id", "item_retrieve_invalid_item_id")?;
        Ok(self.items[place].shown(dialect))
    }

    /// Forgets what of a spoken message comes after `audio_end_ms`.
    ///
    /// # Errors
    /// There is no such item, or nothing is spoken in it, or it is shorter.
    pub(super) fn truncate(&mut self, id: &str, content_index: usize, audio_end_ms: u64) -> Result<(), ApiError> {
        let place = self.place(id, "item_id", "item_truncate_invalid_item_id")?;
        let wrong = |message: String, param: &str| ApiError::invalid(message).param(param).code("invalid_value");
        let Said::Message { role: "assistant", content } = &mut self.items[place].said else {
            let message = "Only model output audio messages can be truncated";
            return Err(wrong(message.to_owned(), "item_id"));
        };
        match content.get_mut(content_index) {
            Some(Content::Spoken(spoken)) => {
                let length = spoken.milliseconds;
                if audio_end_ms > length {
                    let message = format!("Audio content of {length}ms is already shorter than {audio_end_ms}ms");
                    return Err(wrong(message, "audio_end_ms"));
                }
                spoken.cut(audio_end_ms);
                Ok(())
            }
            Some(_) => Err(wrong("Only model output audio messages can be truncated".to_owned(), "content_index")),
            None => Err(wrong(format!("Item with item_id has no content at index {content_index}."), "content_index")),
        }
    }

    fn place(&self, id: &str, param: &str, code: &'static str) -> Result<usize, ApiError> {
        let place = self.items.iter().position(|item| item.id == id);
        place.ok_or_else(|| {
            let message = format!("Item with item_id '{id}' does not exist in the conversation.");
            ApiError::invalid(message).param(param).code(code)
        })
    }

    /// `conversation` of an event.
    pub(super) fn shown(&self) -> Value {
        json!({"id": self.id, "object": "realtime.conversation"})
    }
}
