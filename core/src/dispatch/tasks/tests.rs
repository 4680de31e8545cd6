//! Tasks without a transport: scripted calls, a clock that is moved by hand, and processes that end.

mod legal;
#[cfg(feature = "auth")]
mod processes;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Tasks;
use super::settings::TaskSettings;
use crate::auth::Principal;
use crate::clock::{Clock, ManualClock};
use crate::exchange::{Answers, Exchange};
use crate::outcome::{Call, Outcome};
use crate::protocol::{CallToolResult, Content, ErrorCode, InputRequest, RpcError};
use crate::store::Records;

/// What the function of a task does next.
#[derive(Debug)]
enum Step {
    Ask(&'static str),
    Say(&'static str),
    Complete,
    Fail,
    Panic,
}

/// A function that does what it is told.
fn scripted(exchange: Arc<Exchange>, mut steps: mpsc::UnboundedReceiver<Step>) -> Call {
    Box::pin(async move {
        let mut asking = FuturesUnordered::new();
        let mut answered = 0;
        loop {
            tokio::select! {
                Some(_) = asking.next(), if !asking.is_empty() => answered += 1,
                step = steps.recv() => match step {
                    Some(Step::Ask(key)) => {
                        let params = RawValue::from_string(format!("{{\"message\":\"{}\"}}", asking.len())).unwrap();
                        let exchange = exchange.clone();
                        asking.push(async move {
                            exchange.ask(key, InputRequest { method: "elicitation/create", params, url: false }).await
                        });
                    }
                    Some(Step::Say(words)) => exchange.set_status_message(words.to_owned()),
                    Some(Step::Complete) => {
                        return Ok(Outcome::Tool(CallToolResult::new(vec![Content::text(answered.to_string())])));
                    }
                    Some(Step::Fail) => {
                        return Ok(Outcome::Error(RpcError::new(ErrorCode::InternalError, "it failed")));
                    }
                    Some(Step::Panic) => panic!("as told"),
                    None => std::future::pending().await,
                }
            }
        }
    })
}

/// A task that runs, and the hand that tells its function what to do.
struct Script {
    id: String,
    steps: mpsc::UnboundedSender<Step>,
}

impl Script {
    async fn begin(tasks: &Arc<Tasks>, caller: Option<&Principal>) -> Self {
        Self::try_begin(tasks, caller).await.unwrap()
    }

    async fn try_begin(tasks: &Arc<Tasks>, caller: Option<&Principal>) -> Result<Self, RpcError> {
        let exchange = Arc::new(Exchange::waiting());
        let (steps, taken) = mpsc::unbounded_channel();
        let created = tasks.create(caller, None).await?;
        match created.go_on(scripted(exchange.clone(), taken), &exchange) {
            Outcome::TaskCreated(task) => Ok(Self { id: task.task_id.into(), steps }),
            other => panic!("{other:?}"),
        }
    }

    fn step(&self, step: Step) {
        // The function may be gone.
        let _ = self.steps.send(step);
    }
}

fn in_memory(settings: TaskSettings) -> (Arc<Tasks>, ManualClock) {
    let (clock, hand) = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    (Arc::new(Tasks::new(settings, Records::in_memory_by(clock), json!({ "name": "test" }))), hand)
}

async fn view(tasks: &Tasks, id: &str, caller: Option<&Principal>) -> Result<Value, i32> {
    let task = tasks.get(id, caller).await.map_err(|error| error.code().code())?;
    Ok(serde_json::to_value(task).unwrap())
}

fn accept(key: &str) -> Answers {
    [(key.to_owned(), RawValue::from_string("{}".to_owned()).unwrap())].into()
}

/// Lets everything happen that can. Time stands still but for this.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_out_of_its_function_has_failed() {
    let (tasks, _) = in_memory(TaskSettings::new());
    let script = Script::begin(&tasks, None).await;
    script.step(Step::Panic);
    settle().await;
    let task = view(&tasks, &script.id, None).await.unwrap();
    assert_eq!((&task["status"], &task["error"]["code"]), (&json!("failed"), &json!(-32603)), "{task}");
    assert!(Script::try_begin(&tasks, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn nobody_sees_the_tasks_of_others() {
    let (tasks, _) = in_memory(TaskSettings::new());
    let kim = Principal::new("kim", "client", [""; 0]);
    let script = Script::begin(&tasks, Some(&kim)).await;
    let others = [None, Some(Principal::new("lee", "client", [""; 0])), Some(Principal::new("kim", "other", [""; 0]))];
    for over in [false, true] {
        for other in &others {
            assert_eq!(view(&tasks, &script.id, other.as_ref()).await, Err(-32602));
            assert!(tasks.update(&script.id, accept("a"), other.as_ref()).await.is_err());
            assert!(tasks.cancel(&script.id, other.as_ref()).await.is_err());
        }
        assert!(view(&tasks, &script.id, Some(&kim)).await.is_ok(), "{over}");
        script.step(Step::Complete);
        settle().await;
    }
    let task = view(&tasks, &script.id, Some(&kim)).await.unwrap();
    assert_eq!(task["status"], "completed", "nobody else cancelled it");
}

#[tokio::test(start_paused = true)]
async fn one_caller_cannot_take_all_places() {
    let (tasks, hand) = in_memory(TaskSettings::new().max_tasks(3).max_tasks_per_caller(2));
    let (kim, lee) = (Principal::new("kim", "client", [""; 0]), Principal::new("lee", "client", [""; 0]));
    let first = Script::begin(&tasks, Some(&kim)).await;
    let _second = Script::begin(&tasks, Some(&kim)).await;
    assert!(Script::try_begin(&tasks, Some(&kim)).await.is_err());
    let _third = Script::begin(&tasks, Some(&lee)).await;
    assert!(Script::try_begin(&tasks, Some(&lee)).await.is_err(), "there are three");
    first.step(Step::Complete);
    settle().await;
    assert!(Script::try_begin(&tasks, Some(&kim)).await.is_err(), "its result is kept");
    // The others run, and are written again before their time is over.
    for _ in 0..7 {
        hand.advance(Duration::from_secs(600));
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    assert_eq!(view(&tasks, &first.id, Some(&kim)).await, Err(-32602));
    assert!(Script::try_begin(&tasks, Some(&kim)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_fails_what_still_runs() {
    let (tasks, _) = in_memory(TaskSettings::new());
    let (done, runs) = (Script::begin(&tasks, None).await, Script::begin(&tasks, None).await);
    done.step(Step::Complete);
    settle().await;
    assert!(tokio::time::timeout(Duration::from_secs(20), tasks.finish()).await.is_err(), "one runs");
    tasks.abandon().await;
    assert_eq!(view(&tasks, &done.id, None).await.unwrap()["status"], "completed");
    let failed = view(&tasks, &runs.id, None).await.unwrap();
    assert_eq!(
        (&failed["status"], &failed["statusMessage"]),
        (&json!("failed"), &json!("the server that ran it was stopped"))
    );
    tasks.finish().await;
}

/// What a task is told as is what somebody else reads of it, a moment later.
#[tokio::test(start_paused = true)]
async fn the_record_says_what_the_task_says() {
    let (tasks, _) = in_memory(TaskSettings::new());
    let script = Script::begin(&tasks, None).await;
    for step in [Step::Say("one"), Step::Ask("a"), Step::Say("two"), Step::Ask("a"), Step::Say("three")] {
        script.step(step);
    }
    settle().await;
    let now = view(&tasks, &script.id, None).await.unwrap();
    let id = super::TaskId::of(&script.id);
    let record = tasks.records.get::<super::TaskRecord>(&id.key()).await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(record.view(&id, tasks.settings.poll_interval)).unwrap(), now);
    assert_eq!((&now["status"], &now["statusMessage"]), (&json!("input_required"), &json!("three")));
    assert_eq!(now["inputRequests"].as_object().unwrap().len(), 2);
}
