//! Declared resources: those that only keep fields. Each is a record, a [`Resource`]; making, listing, showing, changing
//! and removing them is written once, here. What behaves gets a room of its own.

mod act;
mod check;
mod fabricate;
mod make;
mod routes;

pub(super) use check::{Kind, Rule};
pub(super) use fabricate::{fabricated, fabricated_end};
pub(super) use make::Making;

use serde_json::{Map, Value};

use crate::audit::Event;
use crate::context::Context;
use crate::error::ApiError;

/// A resource that only keeps fields.
#[derive(Debug)]
pub(super) struct Resource {
    /// What its documents are called in the store, and in messages: `skill`.
    pub name: &'static str,
    /// Where the collection is: `/organization/projects/{project_id}/users`.
    pub path: &'static str,
    /// Where one of them is: the same with `/{user_id}`. Empty for a [`Identity::Single`].
    pub item: &'static str,
    pub identity: Identity,
    /// Resources that the path names before it, which have to be there: the name of the parameter, and whose id it is.
    pub parents: &'static [(&'static str, &'static Resource)],
    /// What is kept and shown, in this order.
    pub fields: &'static [Field],
    /// What the answer to its making shows, where that is something else.
    pub created: Option<&'static [Field]>,
    /// What the answer to its removal shows.
    pub deleted: &'static [Field],
    pub paging: Paging,
    /// What can be done with it, by which operation of OpenAI's document.
    pub verbs: &'static [(Verb, &'static str)],
    /// The field of a form that is a file: the resource is made by a form, which must have it.
    pub file: Option<&'static str>,
    /// The word its status becomes when its time is over.
    pub ending: Option<Ending>,
    /// Sets what depends on the moment it is shown.
    pub refresh: Option<Refresh>,
    /// What lists leave out.
    pub hidden: Option<Hidden>,
    /// What the organisation's log says of what is done to one.
    pub audit: Option<fn(&Deed<'_>) -> Option<Event>>,
    /// Objects that are there without anybody having made them. `"now"` in a field stands for the time.
    pub seeds: &'static [fn() -> Value],
}

/// A resource without anything special: the rest of a record.
pub(super) const PLAIN: Resource = Resource {
    name: "",
    path: "",
    item: "",
    identity: Identity::Made("", 24),
    parents: &[],
    fields: &[],
    created: None,
    deleted: &[],
    paging: Paging::Ids,
    verbs: &[],
    file: None,
    ending: None,
    refresh: None,
    hidden: None,
    audit: None,
    seeds: &[],
};

/// Sets fields of an object that is to be shown: the request, parameters of its path, the object.
pub(super) type Refresh = fn(&Context, &[(String, String)], &mut Map<String, Value>);

/// Something done to an object.
#[derive(Debug)]
pub(super) struct Deed<'a> {
    pub act: Act,
    /// Parameters of the path by name.
    pub params: &'a [(String, String)],
    pub id: &'a str,
    /// The object: as it became, or as it was before it was removed.
    pub object: &'a Map<String, Value>,
    /// What was asked for: the body, or the fields that were set.
    pub given: &'a Map<String, Value>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Created,
    Updated,
    Deleted,
}

impl Deed<'_> {
    /// A parameter of the path.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        make::parameter(self.params, name)
    }
}

/// How one is told from another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Identity {
    /// By an id that is made: prefix and length of the rest.
    Made(&'static str, usize),
    /// By the id of something else, which the body names in this field and which has to be there.
    Other(&'static str, &'static Resource),
    /// There is only one.
    Single,
}

/// What can be done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verb {
    Create,
    List,
    Get,
    Update,
    Delete,
    /// `POST` to this path sets fields.
    Set(&'static str, &'static [Field]),
}

/// How lists are paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// `first_id`, `last_id`, `has_more`.
    Ids,
    /// `has_more`, `next`: the cursor of the next page.
    Next,
}

/// A field as it is shown.
#[derive(Debug)]
pub(super) struct Field(pub &'static str, pub From);

/// Where the value of a field comes from.
#[derive(Debug)]
pub(super) enum From {
    /// The object's id.
    Id,
    /// Always this, as JSON.
    Fixed(&'static str),
    /// When it was made, Unix seconds.
    Now,
    /// The field of the same name in the body.
    Given(Rule),
    /// Another field of the body.
    Named(&'static str, Rule),
    /// A parameter of the path.
    Path(&'static str),
    /// A key that is shown once.
    Secret,
    /// The same with its middle left out.
    Masked,
    /// The field of the resource that the path's parameter or the body's field names: resource, name, field.
    Of(&'static Resource, &'static str, &'static str),
    /// An object of these fields.
    Nested(&'static [Field]),
    /// What this makes of the request.
    Made(fn(&Making<'_>) -> Result<Value, ApiError>),
}

/// When something is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// The field with the moment, Unix seconds.
    pub at: &'static str,
    /// The status that ends, and the one that follows.
    pub from: &'static str,
    pub to: &'static str,
}

/// What lists leave out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hidden {
    /// Objects with this word in this field.
    pub field: &'static str,
    pub word: &'static str,
    /// Unless the query says that this is true.
    pub unless: &'static str,
}
