//! Whatever is done to a task in whatever order, it goes from state to state as the extension allows.

use std::collections::{HashMap, HashSet};

use super::*;

/// Numbers that look random, and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// What has to be true of a task, by all that was done to it.
#[derive(Default)]
struct Model {
    /// Every question that was ever told, and what it was.
    told: HashMap<String, Value>,
    answered: HashSet<String>,
    over: Option<(&'static str, Value, u64)>,
    asked: usize,
    updated: String,
}

impl Model {
    fn check(&mut self, seen: &Value, what: &str) {
        if let Some((status, last, _)) = &self.over {
            assert_eq!(seen["status"], *status, "{what}");
            if !last.is_null() {
                assert_eq!(seen, last, "{what}: what is over does not change");
            }
        } else {
            let questions = seen.get("inputRequests").and_then(Value::as_object).cloned().unwrap_or_default();
            let status = if questions.is_empty() { "working" } else { "input_required" };
            assert_eq!(seen["status"], status, "{what}: {seen}");
            assert_eq!(questions.len(), self.asked - self.answered.len(), "{what}: {seen}");
            for (key, question) in questions {
                assert!(!self.answered.contains(&key), "{what}: {key} was answered");
                let before = self.told.entry(key.clone()).or_insert_with(|| question.clone());
                assert_eq!(*before, question, "{what}: {key} is one question");
            }
        }
        for (member, status) in [("result", "completed"), ("error", "failed"), ("inputRequests", "input_required")] {
            assert_eq!(seen.get(member).is_some(), seen["status"] == status, "{what}: {seen}");
        }
        let updated = seen["lastUpdatedAt"].as_str().unwrap();
        assert!(updated >= self.updated.as_str() && seen["createdAt"].as_str().unwrap() <= updated, "{what}");
        updated.clone_into(&mut self.updated);
    }

    fn end(&mut self, status: &'static str, now: u64) {
        self.over.get_or_insert((status, Value::Null, now));
    }
}

#[tokio::test(start_paused = true)]
async fn every_sequence_is_legal() {
    const TTL: u64 = 600;
    let mut ends = HashSet::new();
    for seed in 1..=400_u64 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let (tasks, hand) = in_memory(TaskSettings::new().ttl(Duration::from_secs(TTL)));
        let script = Script::begin(&tasks, None).await;
        let (mut model, mut now) = (Model::default(), 0);
        for turn in 0..40 {
            let what = match dice.roll(24) {
                0..=5 if model.over.is_none() => {
                    script.step(Step::Ask(["a", "b", "a#2"][dice.roll(3)]));
                    model.asked += 1;
                    "ask"
                }
                6..=7 => {
                    script.step(Step::Say(["one", "two"][dice.roll(2)]));
                    "say"
                }
                8..=13 => {
                    let mut open: Vec<&String> = model.told.keys().collect();
                    open.sort();
                    let unknown = "never asked".to_owned();
                    open.push(&unknown);
                    let key = open[dice.roll(open.len())].clone();
                    tasks.update(&script.id, accept(&key), None).await.ok();
                    if model.over.is_none() && model.told.contains_key(&key) {
                        model.answered.insert(key);
                    }
                    "update"
                }
                14..=17 => {
                    let pass = Duration::from_secs(TTL / 6);
                    tokio::time::sleep(pass).await;
                    hand.advance(pass);
                    now += TTL / 6;
                    "pass"
                }
                18 => {
                    let cancelled = tasks.cancel(&script.id, None).await;
                    assert!(cancelled.is_ok() || model.over.as_ref().is_some_and(|(.., at)| now - at >= TTL));
                    model.end("cancelled", now);
                    "cancel"
                }
                19 => {
                    script.step(Step::Complete);
                    model.end("completed", now);
                    "complete"
                }
                20 => {
                    script.step(if dice.roll(2) == 0 { Step::Fail } else { Step::Panic });
                    model.end("failed", now);
                    "fail"
                }
                _ => "get",
            };
            settle().await;
            let what = format!("seed {seed}, turn {turn}, after {what}");
            match view(&tasks, &script.id, None).await {
                Ok(seen) => {
                    model.check(&seen, &what);
                    if let Some((_, last, _)) = &mut model.over {
                        *last = seen;
                    }
                }
                Err(code) => {
                    assert_eq!(code, -32602, "{what}");
                    assert!(
                        model.over.as_ref().is_some_and(|(.., at)| now - at >= TTL),
                        "{what}: it is gone too early"
                    );
                }
            }
        }
        ends.extend(model.over.map(|(status, ..)| status));
    }
    assert_eq!(ends.len(), 3, "all ends were seen: {ends:?}");
}
