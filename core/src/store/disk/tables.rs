//! The tables of the file, and the operations on them inside one transaction.

use bytes::Bytes;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, Table, TableDefinition, WriteTransaction};

use crate::store::Collection;
use crate::store::Key;

pub(super) type Result<T> = std::result::Result<T, redb::Error>;

const RECORDS: TableDefinition<'_, (&str, &str), (u64, &str, &[u8])> = TableDefinition::new("records");
const OWNERS: TableDefinition<'_, (&str, &str, &str), ()> = TableDefinition::new("owners");
const EXPIRY: TableDefinition<'_, (u64, &str, &str), ()> = TableDefinition::new("expiry");
const COUNTS: TableDefinition<'_, &str, u64> = TableDefinition::new("counts");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The layout of the tables above; another number is another program's file.
pub(super) const FORMAT: u64 = 1;

/// A record as it lies in its table.
#[derive(Debug)]
pub(super) struct Row {
    /// Milliseconds since 1970; [`NEVER`](crate::store::key::NEVER) for no end.
    pub(super) expires: u64,
    /// Empty for none.
    pub(super) owner: String,
    pub(super) value: Bytes,
}

/// The tables, open for writing.
pub(super) struct Tables<'txn> {
    records: Table<'txn, (&'static str, &'static str), (u64, &'static str, &'static [u8])>,
    owners: Table<'txn, (&'static str, &'static str, &'static str), ()>,
    expiry: Table<'txn, (u64, &'static str, &'static str), ()>,
    counts: Table<'txn, &'static str, u64>,
    changed: bool,
}

impl<'txn> Tables<'txn> {
    pub(super) fn open(txn: &'txn WriteTransaction) -> Result<Self> {
        Ok(Self {
            records: txn.open_table(RECORDS)?,
            owners: txn.open_table(OWNERS)?,
            expiry: txn.open_table(EXPIRY)?,
            counts: txn.open_table(COUNTS)?,
            changed: false,
        })
    }

    /// Whether there is anything to commit: asking for what is not there costs no fsync.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// The live record. An expired one is removed, so that it stays gone if the clock is set back.
    pub(super) fn live(&mut self, key: &Key, now: u64) -> Result<Option<Row>> {
        let row = self.row(key)?;
        if row.as_ref().is_some_and(|row| row.expires <= now) {
            self.remove(key)?;
            return Ok(None);
        }
        Ok(row)
    }

    fn row(&self, key: &Key) -> Result<Option<Row>> {
        let row = self.records.get((key.collection().name(), key.id()))?;
        Ok(row.map(|row| Row::new(row.value())))
    }

    pub(super) fn insert(&mut self, key: &Key, row: &Row) -> Result<()> {
        let (collection, id) = (key.collection().name(), key.id());
        self.remove_named(collection, id)?;
        self.changed = true;
        let value = (row.expires, row.owner.as_str(), row.value.as_ref());
        self.records.insert((collection, id), value)?;
        self.expiry.insert((row.expires, collection, id), ())?;
        if !row.owner.is_empty() {
            self.owners.insert((collection, row.owner.as_str(), id), ())?;
        }
        self.recount(collection, |count| count.saturating_add(1))
    }

    /// Removes the record, expired or not.
    pub(super) fn remove(&mut self, key: &Key) -> Result<()> {
        self.remove_named(key.collection().name(), key.id())
    }

    /// Removes a record that was seen to end at `expires`, unless a successor came in between.
    pub(super) fn remove_ended(&mut self, key: &Key, expires: u64) -> Result<()> {
        match self.row(key)? {
            Some(row) if row.expires == expires => self.remove(key),
            _ => Ok(()),
        }
    }

    /// Removes up to `limit` of the records that have expired, and says how many.
    pub(super) fn sweep(&mut self, now: u64, limit: usize) -> Result<usize> {
        let mut expired = Vec::new();
        for entry in self.expiry.range(..(now.saturating_add(1), "", ""))?.take(limit) {
            let (key, _) = entry?;
            let (_, collection, id) = key.value();
            expired.push((collection.to_owned(), id.to_owned()));
        }
        for (collection, id) in &expired {
            self.remove_named(collection, id)?;
        }
        Ok(expired.len())
    }

    fn remove_named(&mut self, collection: &str, id: &str) -> Result<()> {
        let Some(row) = self.records.remove((collection, id))? else {
            return Ok(());
        };
        let (expires, owner, _) = row.value();
        let owner = owner.to_owned();
        drop(row);
        self.changed = true;
        self.expiry.remove((expires, collection, id))?;
        if !owner.is_empty() {
            self.owners.remove((collection, owner.as_str(), id))?;
        }
        self.recount(collection, |count| count.saturating_sub(1))
    }

    fn recount(&mut self, collection: &str, change: impl Fn(u64) -> u64) -> Result<()> {
        let count = self.counts.get(collection)?.map_or(0, |count| count.value());
        self.counts.insert(collection, change(count))?;
        Ok(())
    }
}

impl Row {
    fn new((expires, owner, value): (u64, &str, &[u8])) -> Self {
        Self { expires, owner: owner.to_owned(), value: Bytes::copy_from_slice(value) }
    }
}

/// Makes the tables of a new file.
pub(super) fn create(db: &Database) -> Result<()> {
    let txn = db.begin_write()?;
    drop(Tables::open(&txn)?);
    txn.open_table(META)?.insert("format", FORMAT)?;
    Ok(txn.commit()?)
}

/// The layout the file was made with; `None` if it is some other program's.
pub(super) fn format(db: &Database) -> Result<Option<u64>> {
    let meta = match db.begin_read()?.open_table(META) {
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        meta => meta?,
    };
    Ok(meta.get("format")?.map(|format| format.value()))
}

/// The record as of the last commit, expired or not.
pub(super) fn get(db: &Database, key: &Key) -> Result<Option<Row>> {
    let records = db.begin_read()?.open_table(RECORDS)?;
    let row = records.get((key.collection().name(), key.id()))?;
    Ok(row.map(|row| Row::new(row.value())))
}

/// The ids of the live records of an owner.
pub(super) fn owned_by(db: &Database, collection: Collection, owner: &str, now: u64) -> Result<Vec<String>> {
    let collection = collection.name();
    let txn = db.begin_read()?;
    let (owners, records) = (txn.open_table(OWNERS)?, txn.open_table(RECORDS)?);
    let mut ids = Vec::new();
    for entry in owners.range((collection, owner, "")..)? {
        let (key, _) = entry?;
        let (its_collection, its_owner, id) = key.value();
        if (its_collection, its_owner) != (collection, owner) {
            break;
        }
        let row = records.get((collection, id))?;
        if row.is_some_and(|row| row.value().0 > now) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// How many records the collection holds.
pub(super) fn count(db: &Database, collection: Collection) -> Result<u64> {
    let counts = db.begin_read()?.open_table(COUNTS)?;
    let count = counts.get(collection.name())?;
    Ok(count.map_or(0, |count| count.value()))
}

/// Whether there is anything to sweep: a look that costs no write.
pub(super) fn any_expired(db: &Database, now: u64) -> Result<bool> {
    let expiry = db.begin_read()?.open_table(EXPIRY)?;
    let first = expiry.range(..(now.saturating_add(1), "", ""))?.next();
    Ok(first.transpose()?.is_some())
}
