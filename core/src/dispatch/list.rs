//! Lists in pages: serialized at `build()`, or filtered for a caller where not everybody may see everything.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest as _, Sha256};

use crate::auth::Principal;
use crate::outcome::{Outcome, StaticResult};
use crate::protocol::RpcError;

/// How long a client may keep a list (`ttlMs`): it changes only with a new start of the server, or with a notification.
pub(super) const LIST_TTL_MS: u64 = 300_000;

/// A list of what a server offers, in the order in which it was given.
pub(super) struct List {
    /// The member of the result that holds it, such as `tools`.
    member: &'static str,
    entries: Vec<Entry>,
    page_size: usize,
    /// Where the page of a cursor starts.
    starts: HashMap<Box<str>, usize>,
    /// The pages by their start, where they are the same for everybody.
    pages: Option<Vec<StaticResult>>,
    server_info: Box<RawValue>,
}

/// One entry of a list.
pub(super) struct Entry {
    json: Box<RawValue>,
    /// What a caller must have been granted to see it.
    scopes: Box<[Cow<'static, str>]>,
}

impl Entry {
    /// An entry that callers see who were granted these scopes.
    pub(super) fn new(
        entry: &impl Serialize,
        scopes: impl Into<Box<[Cow<'static, str>]>>,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self { json: to_raw_value(entry)?, scopes: scopes.into() })
    }

    fn is_visible(&self, principal: Option<&Principal>) -> bool {
        self.scopes.iter().all(|scope| principal.is_some_and(|principal| principal.has_scope(scope)))
    }
}

impl List {
    pub(super) fn new(
        member: &'static str,
        entries: Vec<Entry>,
        page_size: usize,
        server_info: &RawValue,
    ) -> Result<Self, serde_json::Error> {
        let page_size = page_size.max(1);
        let starts = (0..entries.len()).step_by(page_size).skip(1);
        let starts = starts.map(|start| (cursor(member, &entries[start]), start)).collect();
        let differs = entries.iter().any(|entry| !entry.scopes.is_empty());
        let mut list = Self { member, entries, page_size, starts, pages: None, server_info: server_info.to_owned() };
        if !differs {
            let starts = (0..list.entries.len().max(1)).step_by(page_size);
            let pages: Result<Vec<_>, _> = starts.map(|start| list.page(start, None, "public")).collect();
            list.pages = Some(pages?);
        }
        Ok(list)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The page of this cursor, or the first one.
    pub(super) fn answer(&self, cursor: Option<&str>, principal: Option<&Principal>) -> Outcome {
        let start = match cursor {
            None => 0,
            Some(cursor) => match self.starts.get(cursor) {
                Some(start) => *start,
                None => {
                    let message = "Unknown cursor: list again from the start, without one";
                    return Outcome::Error(RpcError::invalid_params(message));
                }
            },
        };
        if let Some(page) = self.pages.as_ref().and_then(|pages| pages.get(start / self.page_size)) {
            return Outcome::Static(page.clone());
        }
        match self.page(start, principal, "private") {
            Ok(page) => Outcome::Static(page),
            Err(_) => Outcome::Error(RpcError::internal()),
        }
    }

    fn page(
        &self,
        start: usize,
        principal: Option<&Principal>,
        scope: &str,
    ) -> Result<StaticResult, serde_json::Error> {
        let end = self.entries.len().min(start + self.page_size);
        let visible = self.entries[start..end].iter().filter(|entry| entry.is_visible(principal));
        let entries: Vec<&RawValue> = visible.map(|entry| &*entry.json).collect();
        let mut fields = format!("{{\"{}\":{}", self.member, serde_json::to_string(&entries)?);
        if let Some(next) = self.entries.get(end) {
            fields.push_str(&format!(",\"nextCursor\":\"{}\"", cursor(self.member, next)));
        }
        Ok(cacheable(&fields, scope, &self.server_info))
    }
}

/// A cursor says which entry comes next, so it is as good after a restart as before. Nothing is read out of it.
fn cursor(member: &str, next: &Entry) -> Box<str> {
    let digest = Sha256::new().chain_update(member).chain_update([0]).chain_update(next.json.get()).finalize();
    BASE64.encode(&digest[..12]).into()
}

/// Both forms of a result, given all but its last brace: stateless revisions add what it is, how long it may be kept,
/// and who answered.
pub(super) fn cacheable(fields: &str, scope: &str, server_info: &RawValue) -> StaticResult {
    let modern = format!(
        "{fields},\"resultType\":\"complete\",\"ttlMs\":{LIST_TTL_MS},\"cacheScope\":\"{scope}\",\
         \"_meta\":{{\"{}\":{server_info}}}}}",
        crate::protocol::SERVER_INFO
    );
    StaticResult { modern: Bytes::from(modern), legacy: Bytes::from(format!("{fields}}}")) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn list(scopes: &[&'static str], page_size: usize) -> List {
        let entries = (0..5).map(|index| {
            let scopes: Vec<Cow<'static, str>> =
                if index % 2 == 1 { scopes.iter().copied().map(Cow::Borrowed).collect() } else { Vec::new() };
            Entry::new(&json!({ "name": index }), scopes).unwrap()
        });
        List::new("tools", entries.collect(), page_size, RawValue::NULL).unwrap()
    }

    /// All pages of a caller: the names, and what each page says of its cache.
    fn read(list: &List, principal: Option<&Principal>) -> (Vec<u64>, Vec<String>) {
        let (mut names, mut scopes, mut cursor) = (Vec::new(), Vec::new(), None::<String>);
        loop {
            let Outcome::Static(page) = list.answer(cursor.as_deref(), principal) else { panic!("a page") };
            let modern: Value = serde_json::from_slice(&page.modern).unwrap();
            let legacy: Value = serde_json::from_slice(&page.legacy).unwrap();
            assert_eq!(modern["tools"], legacy["tools"]);
            assert_eq!(legacy.get("ttlMs"), None);
            names.extend(modern["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_u64().unwrap()));
            scopes.push(modern["cacheScope"].as_str().unwrap().to_owned());
            match modern["nextCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return (names, scopes),
            }
        }
    }

    #[test]
    fn pages_hold_everything_once_and_in_order() {
        for page_size in [1, 2, 3, 5, 100] {
            let (names, scopes) = read(&list(&[], page_size), None);
            assert_eq!(names, [0, 1, 2, 3, 4], "{page_size}");
            assert!(scopes.iter().all(|scope| scope == "public") && scopes.len() == 5_usize.div_ceil(page_size));
        }
        let empty = List::new("tools", Vec::new(), 2, RawValue::NULL).unwrap();
        assert_eq!(read(&empty, None), (vec![], vec!["public".to_owned()]));
    }

    #[test]
    fn who_lacks_a_scope_sees_a_private_list_without_it() {
        let list = list(&["write"], 2);
        let granted = Principal::new("user", "client", ["write"]);
        assert_eq!(read(&list, None).0, [0, 2, 4]);
        let (names, scopes) = read(&list, Some(&granted));
        assert_eq!(names, [0, 1, 2, 3, 4]);
        assert!(scopes.iter().all(|scope| scope == "private"));
    }

    #[test]
    fn an_unknown_cursor_is_refused() {
        for cursor in ["", "0", "x", "한글"] {
            assert!(matches!(list(&[], 2).answer(Some(cursor), None), Outcome::Error(_)), "{cursor}");
        }
    }
}
