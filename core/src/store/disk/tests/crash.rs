//! SIGKILL in the middle of writes: the test runs itself as a child and kills it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::*;

/// In the child: the path of the store, and the number of the round.
const PATH: &str = "DARI_TEST_CRASH_STORE";
const ROUND: &str = "DARI_TEST_CRASH_ROUND";
const ROUNDS: u32 = 5;
const WRITERS: usize = 8;

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    if let Ok(path) = std::env::var(PATH) {
        let round = std::env::var(ROUND).unwrap();
        return tokio::runtime::Runtime::new().unwrap().block_on(write_until_killed(&path, &round));
    }
    let (_folder, path) = folder();
    let mut told = Told::default();
    for round in 0..ROUNDS {
        told.hear(&path, round);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(told.check(&DiskStore::open(&path).unwrap()));
    }
    assert!(told.stored.len() > 50 && told.counters.len() == WRITERS, "the child hardly wrote");
}

/// What the children announced.
#[derive(Default)]
struct Told {
    /// Ids that were put, and whether they are taken: `None` if the answer did not come any more.
    stored: HashMap<String, Option<bool>>,
    /// The last acknowledged value of each counter.
    counters: HashMap<String, u64>,
}

impl Told {
    /// Starts a child, lets it work a moment, kills it, and notes what it said.
    fn hear(&mut self, path: &Path, round: u32) {
        let this_test = module_path!().split_once("::").unwrap().1;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([&format!("{this_test}::a_kill_loses_nothing_that_was_acknowledged"), "--exact"])
            .args(["--nocapture", "--test-threads=1"])
            .env(PATH, path)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut deadline = None;
        while let Some(Ok(line)) = lines.next() {
            self.note(&line);
            let moment = Duration::from_millis(150 + u64::from(round) * 37);
            if Instant::now() >= *deadline.get_or_insert(Instant::now() + moment) {
                child.kill().unwrap();
            }
        }
        assert!(!child.wait().unwrap().success(), "the child ended by itself");
    }

    fn note(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["put", id] => self.stored.insert(id.to_owned(), Some(false)),
            ["taking", id] => self.stored.insert(id.to_owned(), None),
            ["taken", id] => self.stored.insert(id.to_owned(), Some(true)),
            ["counted", id, number] => {
                self.counters.insert(id.to_owned(), number.parse().unwrap());
                None
            }
            _ => None,
        };
    }

    async fn check(&mut self, store: &DiskStore) {
        let owned = store.owned_by(GRANTS, "ann").await.unwrap();
        for (id, taken) in &self.stored {
            let found = store.get(&Key::new(GRANTS, id)).await.unwrap();
            assert_eq!(owned.contains(id), found.is_some(), "index of {id}");
            match taken {
                Some(false) => assert_eq!(found.unwrap(), id.repeat(100), "{id} was lost"),
                Some(true) => assert_eq!(found, None, "{id} came back"),
                None => {}
            }
        }
        assert_eq!(store.count(GRANTS).await.unwrap(), owned.len() as u64);
        for (id, number) in &mut self.counters {
            let found = count_of(store, id).await;
            assert!((*number..=*number + 1).contains(&found), "{id}: {number}, but {found}");
            *number = found;
        }
    }
}

async fn count_of(store: &DiskStore, id: &str) -> u64 {
    let found = store.get(&Key::new(Collection::new("counter"), id)).await.unwrap();
    found.map_or(0, |number| String::from_utf8_lossy(&number).parse().unwrap())
}

/// The child: writers that announce each step when it is acknowledged.
async fn write_until_killed(path: &str, round: &str) {
    let store = Arc::new(DiskStore::open(path).unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, round) = (store.clone(), round.to_owned());
        writers.spawn(async move {
            let counter = Key::new(Collection::new("counter"), format!("c{writer}"));
            let mut count = count_of(&store, counter.id()).await;
            for step in 0_u32.. {
                let id = format!("{round}.{writer}.{step}");
                let key = Key::new(GRANTS, &id);
                let put = Put::default().with_owner("ann");
                store.put(&key, id.repeat(100).into(), put).await.unwrap();
                say(&format!("put {id}"));
                if step % 3 == 0 {
                    say(&format!("taking {id}"));
                    store.take(&key).await.unwrap().unwrap();
                    say(&format!("taken {id}"));
                }
                let (old, new) = (count.to_string(), (count + 1).to_string());
                let swapped = match count {
                    0 => store.put_if_absent(&counter, new.into(), Put::default()).await,
                    _ => store.compare_and_swap(&counter, old.as_bytes(), new.into(), None).await,
                };
                assert!(swapped.unwrap());
                count += 1;
                say(&format!("counted {} {count}", counter.id()));
            }
        });
    }
    writers.join_all().await;
}

/// One whole line, past the capture of the test harness.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
