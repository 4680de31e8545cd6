//! A map that forgets its oldest entries: everything that a request can add to is kept in one.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// At most this many entries of a kind.
const CAPACITY: usize = 1000;

#[derive(Debug)]
pub(super) struct BoundedMap<K, V> {
    entries: HashMap<K, (u64, V)>,
    by_age: BTreeMap<u64, K>,
    next: u64,
}

impl<K, V> Default for BoundedMap<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), by_age: BTreeMap::new(), next: 0 }
    }
}

impl<K: Hash + Eq + Clone, V> BoundedMap<K, V> {
    /// Puts an entry in, as the newest, and gives the one it replaced.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let old = self.remove(&key);
        while self.entries.len() >= CAPACITY
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.by_age.insert(self.next, key.clone());
        self.entries.insert(key, (self.next, value));
        self.next += 1;
        old
    }

    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub(super) fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (age, value) = self.entries.remove(key)?;
        self.by_age.remove(&age);
        Some(value)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&V) -> bool) {
        self.entries.retain(|_, (_, value)| keep(value));
        self.by_age.retain(|_, key| self.entries.contains_key(key));
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|(_, value)| value)
    }

    /// The values, oldest first.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.by_age.values().filter_map(|key| self.get(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_a_rewritten_one_is_new() {
        let mut map = BoundedMap::default();
        for n in 0..CAPACITY {
            map.insert(n.to_string(), n);
        }
        assert_eq!(map.insert("0".to_owned(), 7), Some(0));
        map.insert("new".to_owned(), 5000);
        assert_eq!((map.get("0"), map.get("1"), map.get("2")), (Some(&7), None, Some(&2)));
        assert_eq!(map.values().count(), CAPACITY);
        assert_eq!(map.values().last(), Some(&5000));
        map.retain(|value| *value == 5000);
        assert_eq!((map.values().count(), map.entries.len()), (1, 1));
    }
}
