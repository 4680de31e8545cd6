//! rmcp, the official Rust SDK, as the client.
#![expect(deprecated, reason = "half of what is called here is deprecated in 2026-07-28, and must work all the same")]

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, ClientConfig, CompleteRequestParams,
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult, GetPromptRequestParams,
    GetTaskParams, Implementation, ListRootsResult, LoggingLevel, LoggingMessageNotificationParam,
    PaginatedRequestParams, ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams,
    ResourceUpdatedNotificationParam, ServerNotification, SetLevelRequestParams, SubscribeRequestParams,
    SubscriptionFilter, TaskStatus, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{NotificationContext, RequestContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, ErrorData, RoleClient, ServiceError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::fixture::{Fixture, PROGRAM};

const TASKS: &str = "io.modelcontextprotocol/tasks";
const WATCHED: &str = "test://watched-resource";

/// The names and answers that all drivers share.
fn shared() -> Value {
    serde_json::from_str(include_str!("../../clients/fixture.json")).expect("JSON")
}

fn to_json(value: impl Serialize) -> Value {
    serde_json::to_value(value).expect("JSON")
}

fn from_json<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// What the user was asked and told.
#[derive(Default)]
struct Seen {
    asked: Vec<Value>,
    progress: Vec<(f64, Option<f64>)>,
    logged: Vec<(LoggingLevel, Value)>,
    changed: Vec<String>,
    /// What the user does with a form; accepts it where this is `None`.
    action: Option<&'static str>,
}

/// The person and the model behind the client.
#[derive(Clone)]
struct User {
    seen: Arc<Mutex<Seen>>,
    version: ProtocolVersion,
    capabilities: Value,
}

impl User {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panicked with it")
    }

    fn form(&self, params: &Value) -> Value {
        if let Some(action) = self.seen().action {
            return json!({ "action": action });
        }
        let fields = params["requestedSchema"]["properties"].as_object().expect("a form");
        let content: serde_json::Map<_, _> = fields.iter().map(|(name, of)| (name.clone(), fill(name, of))).collect();
        json!({ "action": "accept", "content": content })
    }
}

/// What is put into a field: the first of some values, what the drivers share, or anything of its type.
fn fill(name: &str, of: &Value) -> Value {
    if of["type"] == "array" {
        return json!([fill(name, &of["items"])]);
    }
    let shared = &shared()["form"][name];
    let anything = match of["type"].as_str() {
        Some("boolean") => json!(true),
        Some("integer" | "number") => json!(1),
        _ => json!("text"),
    };
    let choices = [&of["oneOf"][0]["const"], &of["anyOf"][0]["const"], &of["enum"][0], shared];
    choices.into_iter().find(|choice| !choice.is_null()).cloned().unwrap_or(anything)
}

impl ClientHandler for User {
    async fn create_elicitation(
        &self,
        params: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let params = to_json(params);
        self.seen().asked.push(params.clone());
        Ok(from_json(self.form(&params)))
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.seen().asked.push(to_json(params));
        Ok(from_json(json!({
            "role": "assistant", "model": "test-model", "stopReason": "endTurn",
            "content": { "type": "text", "text": shared()["model_answer"] },
        })))
    }

    async fn list_roots(&self, _: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        Ok(from_json(json!({ "roots": shared()["roots"] })))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.seen().progress.push((params.progress, params.total));
    }

    async fn on_logging_message(&self, params: LoggingMessageNotificationParam, _: NotificationContext<RoleClient>) {
        self.seen().logged.push((params.level, params.data));
    }

    async fn on_resource_updated(&self, params: ResourceUpdatedNotificationParam, _: NotificationContext<RoleClient>) {
        self.seen().changed.push(params.uri);
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.seen().changed.push("tools".to_owned());
    }

    async fn on_prompt_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.seen().changed.push("prompts".to_owned());
    }

    fn get_info(&self) -> ClientConfig {
        let config =
            ClientConfig::new(from_json(self.capabilities.clone()), Implementation::new("fixture-rmcp", "1.0.0"));
        config.with_protocol_version(self.version.clone())
    }
}

/// A connected client, its person, and the server's process where it is the client's own.
struct Client {
    service: RunningService<RoleClient, User>,
    modern: bool,
    _process: Option<Child>,
}

impl Client {
    /// Connects over HTTP to this fixture, or else over stdio to one of its own.
    async fn connect(http: Option<&Fixture>, version: ProtocolVersion, capabilities: Value) -> Self {
        let modern = !version.has_initialize();
        let lifecycle = if modern {
            ClientLifecycleMode::Discover { preferred_versions: vec![version.clone()] }
        } else {
            ClientLifecycleMode::Initialize
        };
        let user = User { seen: Arc::default(), version: version.clone(), capabilities };
        let (service, process) = match http {
            Some(fixture) => {
                let transport = StreamableHttpClientTransport::from_uri(fixture.url.clone());
                (user.serve_with_lifecycle(transport, lifecycle).await, None)
            }
            None => {
                let mut command = Command::new(PROGRAM);
                command.arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
                let mut child = command.spawn().expect("the fixture can be run");
                let pipes = (child.stdout.take().expect("a pipe"), child.stdin.take().expect("a pipe"));
                (user.serve_with_lifecycle(pipes, lifecycle).await, Some(child))
            }
        };
        let service = service.expect("the server answers");
        let info = service.peer_info().expect("the server said who it is");
        assert_eq!(info.protocol_version, version);
        Self { service, modern, _process: process }
    }

    fn user(&self) -> &User {
        self.service.service()
    }

    /// Calls a tool, and answers what it asks.
    async fn try_call(&self, name: &str, arguments: Value) -> Result<Value, ServiceError> {
        self.service.call_tool(params(name, arguments)).await.map(to_json)
    }

    async fn call(&self, name: &str, arguments: Value) -> Value {
        self.try_call(name, arguments).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The text of a call that must succeed.
    async fn say(&self, name: &str, arguments: Value) -> String {
        let result = self.call(name, arguments).await;
        assert_ne!(result["isError"], true, "{name}: {result}");
        text(&result)
    }

    async fn read(&self, uri: &str) -> Value {
        let result = self.service.read_resource(ReadResourceRequestParams::new(uri)).await;
        let result = to_json(result.unwrap_or_else(|error| panic!("{uri}: {error}")));
        assert_eq!(result["contents"][0]["uri"], uri, "{result}");
        result["contents"][0].clone()
    }

    async fn prompt(&self, name: &str, arguments: Option<Value>) -> Value {
        let mut params = GetPromptRequestParams::new(name);
        params.arguments = arguments.map(from_json);
        let result = self.service.get_prompt(params).await;
        to_json(result.unwrap_or_else(|error| panic!("{name}: {error}")))["messages"].clone()
    }

    /// Waits until `condition` holds, for what arrives by itself.
    async fn until(&self, what: &str, condition: impl Fn(&Seen) -> bool) {
        let wait = async {
            while !condition(&self.user().seen()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(5), wait).await.is_ok(), "not in time: {what}");
    }
}

fn params(name: &str, arguments: Value) -> CallToolRequestParams {
    from_json(json!({ "name": name, "arguments": arguments }))
}

fn text(result: &Value) -> String {
    assert_eq!(result["content"].as_array().map(Vec::len), Some(1), "one block: {result}");
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}")).to_owned()
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[track_caller]
fn is_image(block: &Value) {
    assert_eq!(block["mimeType"], "image/png");
    let data = block["data"].as_str().or(block["blob"].as_str()).expect("data");
    assert!(data.starts_with("iVBORw0KGgo"), "no PNG: {data}");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ServiceError>, code: i32, data: Option<Value>) {
    let Err(ServiceError::McpError(error)) = result else { panic!("not error {code}: {result:?}") };
    assert_eq!(error.code.0, code, "{error}");
    if let Some(data) = data {
        assert_eq!(error.data, Some(data));
    }
}

#[track_caller]
fn listed(items: &[Value], key: &str, wanted: &Value) {
    let wanted = wanted.as_array().expect("names").iter();
    let missing: Vec<_> = wanted.filter(|&name| !items.iter().any(|item| item[key] == *name)).collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}

fn capabilities() -> Value {
    json!({
        "sampling": {}, "elicitation": { "form": {} }, "roots": { "listChanged": true }, "extensions": { TASKS: {} },
    })
}

async fn everything(http: Option<Fixture>, version: ProtocolVersion) {
    let client = Client::connect(http.as_ref(), version.clone(), capabilities()).await;
    tools(&client).await;
    questions(&client).await;
    resources(&client).await;
    prompts(&client).await;
    cancellation(&client).await;
    if client.modern {
        listening(&client).await;
        tasks(&client).await;
    } else {
        subscriptions(&client).await;
    }
    client.service.cancel().await.expect("it closes");

    let bare = Client::connect(http.as_ref(), version, json!({})).await;
    let result = bare.try_call("test_missing_capability", json!({})).await;
    refused(result, -32021, Some(json!({ "requiredCapabilities": { "sampling": {} } })));
}

async fn tools(client: &Client) {
    let tools: Vec<Value> = from_json(to_json(client.service.list_all_tools().await.expect("tools/list")));
    listed(&tools, "name", &shared()["tools"]);
    let of = |name: &str| tools.iter().find(|tool| tool["name"] == name).expect("listed");
    assert_eq!(of("json_schema_2020_12_tool")["inputSchema"], shared()["json_schema_2020_12_tool"]);

    let simple = client.service.call_tool(CallToolRequestParams::new("test_simple_text")).await;
    assert_eq!(
        text(&to_json(simple.expect("a call without arguments"))),
        "This is a simple text response for testing."
    );
    is_image(&client.call("test_image_content", json!({})).await["content"][0]);
    let audio = client.call("test_audio_content", json!({})).await["content"][0].clone();
    assert_eq!((&audio["type"], &audio["mimeType"]), (&json!("audio"), &json!("audio/wav")));
    let resource = client.call("test_embedded_resource", json!({})).await["content"][0]["resource"].clone();
    assert_eq!(resource["uri"], "test://embedded-resource");
    assert_eq!(resource["text"], "This is an embedded resource content.");
    let mixed = client.call("test_multiple_content_types", json!({})).await["content"].clone();
    assert_eq!(mixed[0]["text"], "Multiple content types test:");
    is_image(&mixed[1]);
    assert_eq!(mixed[2]["resource"]["uri"], "test://mixed-content-resource");

    let failed = client.call("test_error_handling", json!({})).await;
    assert_eq!(failed["isError"], true);
    assert_eq!(text(&failed), "This tool intentionally returns an error for testing");
    let wrong = client.call("test_sampling", json!({})).await;
    assert_eq!(wrong["isError"], true);
    says(&text(&wrong), &["prompt"]);
    refused(client.try_call("no_such_tool", json!({})).await, -32602, None);
    for value in ["plain", "한글 값", " padded "] {
        says(&client.say("test_custom_header", json!({ "value": value })).await, &[value]);
    }
    assert_eq!(client.say("greet", json!({ "name": "World" })).await, "Hello, World!");

    client.call("test_tool_with_progress", json!({})).await;
    assert_eq!(client.user().seen().progress, [0.0, 50.0, 100.0].map(|done| (done, Some(100.0))));
    let expected = ["Tool execution started", "Tool processing data", "Tool execution completed"]
        .map(|message| (LoggingLevel::Info, json!(message)));
    assert_eq!(logged(client, Some("debug")).await, expected);
    assert_eq!(logged(client, Some("error")).await, []);
    if client.modern {
        assert_eq!(logged(client, None).await, []);
    }
}

/// What a tool logs for a client that asked for this level.
async fn logged(client: &Client, level: Option<&str>) -> Vec<(LoggingLevel, Value)> {
    client.user().seen().logged.clear();
    let mut call = json!({ "name": "test_tool_with_logging", "arguments": {} });
    match level {
        Some(level) if client.modern => call["_meta"] = json!({ "io.modelcontextprotocol/logLevel": level }),
        Some(level) => {
            let params = SetLevelRequestParams::new(from_json(json!(level)));
            client.service.set_level(params).await.expect("logging/setLevel");
        }
        None => {}
    }
    client.service.call_tool(from_json(call)).await.expect("the tool");
    std::mem::take(&mut client.user().seen().logged)
}

async fn questions(client: &Client) {
    let shared = shared();
    let (answer, root) =
        (shared["model_answer"].as_str().expect("text"), shared["roots"][0]["uri"].as_str().expect("a URI"));
    let asked = || client.user().seen().asked.last().cloned().expect("a question");

    let response = client.say("test_elicitation", json!({ "message": "누구세요?" })).await;
    says(&response, &["User response: ", "accept", "testuser", "test@example.com"]);
    assert_eq!(asked()["message"], "누구세요?");
    for action in ["decline", "cancel"] {
        client.user().seen().action = Some(action);
        says(&client.say("test_elicitation", json!({ "message": "again?" })).await, &["User response: ", action]);
    }
    client.user().seen().action = None;
    let defaults = client.say("test_elicitation_sep1034_defaults", json!({})).await;
    says(&defaults, &["Elicitation completed: ", "accept", "Alice", "25", "88.5", "false"]);
    let fields = &asked()["requestedSchema"]["properties"];
    let offered = ["name", "age", "score", "status", "verified"].map(|name| fields[name]["default"].clone());
    assert_eq!(offered, [json!("John Doe"), json!(30), json!(95.5), json!("active"), json!(true)]);
    says(&client.say("test_elicitation_sep1330_enums", json!({})).await, &["Elicitation completed: ", "option1"]);
    assert_eq!(
        client.say("test_sampling", json!({ "prompt": "Test prompt" })).await,
        format!("LLM response: {answer}")
    );
    assert_eq!(asked()["maxTokens"], 100);

    let inputs: [(&str, &[&str]); 7] = [
        ("elicitation", &["Hello, Alice!"]),
        ("sampling", &[answer]),
        ("list_roots", &[root]),
        ("request_state", &["state-ok"]),
        ("multiple_inputs", &["Alice", answer, root]),
        ("multi_round", &["Alice", "blue"]),
        ("tampered_state", &[]),
    ];
    for (kind, parts) in inputs {
        says(&client.say(&format!("test_input_required_result_{kind}"), json!({})).await, parts);
    }
    says(&client.prompt("test_input_required_result_prompt", None).await.to_string(), &["시험 문맥"]);
    client.say("test_missing_capability", json!({})).await;
}

async fn resources(client: &Client) {
    let resources: Vec<Value> = from_json(to_json(client.service.list_all_resources().await.expect("resources/list")));
    listed(&resources, "uri", &shared()["resources"]);
    let templates = client.service.list_all_resource_templates().await.expect("resources/templates/list");
    listed(&from_json::<Vec<Value>>(to_json(templates)), "uriTemplate", &json!([shared()["template"]]));

    let item = client.read("test://static-text").await;
    assert_eq!(item["text"], "This is the content of the static text resource.");
    is_image(&client.read("test://static-binary").await);
    let item = client.read("test://template/123/data").await;
    assert_eq!(item["mimeType"], "application/json");
    says(item["text"].as_str().expect("text"), &["123"]);
    assert!(client.read(WATCHED).await["text"].is_string());
    let nothing = client.service.read_resource(ReadResourceRequestParams::new("test://nothing")).await;
    refused(nothing, if client.modern { -32602 } else { -32002 }, Some(json!({ "uri": "test://nothing" })));
}

async fn prompts(client: &Client) {
    let prompts: Vec<Value> = from_json(to_json(client.service.list_all_prompts().await.expect("prompts/list")));
    listed(&prompts, "name", &shared()["prompts"]);

    let messages = client.prompt("test_simple_prompt", None).await;
    assert_eq!(messages[0]["content"]["text"], "This is a simple prompt for testing.");
    let messages = client.prompt("test_prompt_with_arguments", Some(json!({ "arg1": "hello", "arg2": "세계" }))).await;
    assert_eq!(messages[0]["content"]["text"], "Prompt with arguments: arg1='hello', arg2='세계'");
    let arguments = json!({ "resourceUri": "test://some-resource" });
    let messages = client.prompt("test_prompt_with_embedded_resource", Some(arguments)).await;
    assert_eq!(messages[0]["content"]["resource"]["uri"], "test://some-resource");
    is_image(&client.prompt("test_prompt_with_image", None).await[0]["content"]);

    let complete = async |reference: Value, name: &str, value: &str| {
        let params = json!({ "ref": reference, "argument": { "name": name, "value": value } });
        let result =
            client.service.complete(from_json::<CompleteRequestParams>(params)).await.expect("completion/complete");
        result.completion.values
    };
    let prompt = json!({ "type": "ref/prompt", "name": "test_prompt_with_arguments" });
    assert_eq!(complete(prompt, "arg1", "test").await, ["test-alpha", "test-beta"]);
    let template = json!({ "type": "ref/resource", "uri": shared()["template"] });
    assert_eq!(complete(template, "id", "12").await, ["123", "124"]);
}

async fn cancellation(client: &Client) {
    let id = format!("rmcp {:?}", std::time::SystemTime::now());
    let was_cancelled = async || client.say("test_was_cancelled", json!({ "id": id })).await;
    {
        // A call that is dropped is cancelled.
        let call = client.call("test_cancellation", json!({ "id": id }));
        let call = tokio::time::timeout(Duration::from_millis(300), call).await;
        assert!(call.is_err(), "it ended by itself: {call:?}");
    }
    let told = async { while was_cancelled().await != "true" {} };
    assert!(tokio::time::timeout(Duration::from_secs(5), told).await.is_ok(), "the tool was not told");
}

/// `subscriptions/listen` of 2026-07-28.
async fn listening(client: &Client) {
    let filter =
        SubscriptionFilter::builder().tools_list_changed().prompts_list_changed().resource_subscription(WATCHED);
    let filter = filter.build();
    let mut subscription = client.service.listen(filter.clone()).await.expect("subscriptions/listen");
    assert_eq!(*subscription.acknowledged(), filter);
    for trigger in ["resource_update", "tool_change", "prompt_change"] {
        client.say(&format!("test_trigger_{trigger}"), json!({})).await;
        let next = tokio::time::timeout(Duration::from_secs(5), subscription.next()).await;
        let notification = next.expect("a notification in time").expect("a good one").expect("not the end");
        match (trigger, notification) {
            ("resource_update", ServerNotification::ResourceUpdatedNotification(update)) => {
                assert_eq!(update.params.uri, WATCHED);
            }
            ("tool_change", ServerNotification::ToolListChangedNotification(_))
            | ("prompt_change", ServerNotification::PromptListChangedNotification(_)) => {}
            (_, other) => panic!("{trigger}: {other:?}"),
        }
    }
    subscription.cancel().await.expect("it can be cancelled");
}

/// What the legacy revisions have instead.
async fn subscriptions(client: &Client) {
    client.service.subscribe(SubscribeRequestParams::new(WATCHED)).await.expect("resources/subscribe");
    // Over HTTP rmcp may not have its GET stream yet: what is said meanwhile waits for it.
    for trigger in ["resource_update", "tool_change", "prompt_change"] {
        client.say(&format!("test_trigger_{trigger}"), json!({})).await;
    }
    client.until("three changes", |seen| seen.changed.len() >= 3).await;
    let mut changed = std::mem::take(&mut client.user().seen().changed);
    changed.sort();
    assert_eq!(changed, ["prompts", WATCHED, "tools"]);
    client.service.unsubscribe(UnsubscribeRequestParams::new(WATCHED)).await.expect("resources/unsubscribe");
    client.say("test_trigger_resource_update", json!({})).await;
    // Nothing tells that nothing will come: what is sent would be here long before this.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(client.user().seen().changed.is_empty(), "an update after the subscription ended");
}

async fn tasks(client: &Client) {
    let settled = async |name: &str, arguments: Value| {
        let id = create(client, params(name, arguments)).await;
        tokio::time::timeout(Duration::from_secs(10), settle(client, &id)).await.expect("the task ends in time")
    };
    let task = settled("slow_compute", json!({ "seconds": 1, "label": "later" })).await;
    assert_eq!(task["status"], "completed", "{task}");
    assert_ne!(task["result"]["isError"], true, "{task}");
    let task = settled("failing_job", json!({})).await;
    assert_eq!((&task["status"], &task["result"]["isError"]), (&json!("completed"), &json!(true)), "{task}");
    let task = settled("protocol_error_job", json!({})).await;
    assert_eq!(task["status"], "failed", "{task}");
    assert!(task["error"]["code"].is_i64(), "{task}");
    for (name, arguments) in [("confirm_delete", json!({ "filename": "a.txt" })), ("multi_input", json!({}))] {
        let task = settled(name, arguments).await;
        assert_eq!(task["status"], "completed", "{name}: {task}");
    }
    let task = settled("test_tool_with_task", json!({})).await;
    says(&task["result"]["content"].to_string(), &["Alice"]);

    let id = create(client, params("slow_compute", json!({ "seconds": 60, "label": "never" }))).await;
    client.service.cancel_task(CancelTaskParams::new(&id)).await.expect("tasks/cancel");
    assert_eq!(settle(client, &id).await["status"], "cancelled");
    refused(client.service.get_task(GetTaskParams::new("no such task")).await, -32602, None);
}

/// Calls a tool that makes a task, and answers what it asks before.
async fn create(client: &Client, mut params: CallToolRequestParams) -> String {
    for _ in 0..3 {
        match client.service.call_tool_once(params.clone()).await.expect("the call") {
            CallToolResponse::Task(created) => return created.task.task_id,
            CallToolResponse::InputRequired(asked) => {
                let asked = to_json(asked);
                params.input_responses = Some(answers(client, &asked["inputRequests"]));
                params.request_state = asked["requestState"].as_str().map(ToOwned::to_owned);
            }
            other => panic!("{} made no task: {other:?}", params.name),
        }
    }
    panic!("{} asks and asks", params.name)
}

fn answers(client: &Client, requests: &Value) -> std::collections::BTreeMap<String, Value> {
    let requests = requests.as_object().expect("questions");
    requests.iter().map(|(key, request)| (key.clone(), client.user().form(&request["params"]))).collect()
}

/// Polls a task, and answers what it asks, until it is over.
async fn settle(client: &Client, id: &str) -> Value {
    loop {
        let result = client.service.get_task(GetTaskParams::new(id)).await.expect("tasks/get");
        let (status, wait) = (result.task.task.status, result.task.task.poll_interval_ms.unwrap_or(100));
        let task = to_json(result);
        if status.is_terminal() {
            return task;
        }
        if status == TaskStatus::InputRequired {
            let answers = answers(client, &task["inputRequests"]);
            client.service.update_task(UpdateTaskParams::new(id, answers)).await.expect("tasks/update");
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

async fn http() -> Option<Fixture> {
    Some(Fixture::start(&[]).await)
}

#[tokio::test]
async fn http_discover() {
    everything(http().await, ProtocolVersion::V_2026_07_28).await;
}

#[tokio::test]
async fn http_initialize() {
    everything(http().await, ProtocolVersion::V_2025_11_25).await;
}

#[tokio::test]
async fn http_initialize_an_older_revision() {
    everything(http().await, ProtocolVersion::V_2025_06_18).await;
}

#[tokio::test]
async fn stdio_discover() {
    everything(None, ProtocolVersion::V_2026_07_28).await;
}

#[tokio::test]
async fn stdio_initialize() {
    everything(None, ProtocolVersion::V_2025_11_25).await;
}

/// A server that lists page by page lists the same.
#[tokio::test]
async fn pages() {
    let paged = Fixture::start(&["--page-size", "3"]).await;
    let whole = Fixture::start(&[]).await;
    for version in [ProtocolVersion::V_2026_07_28, ProtocolVersion::V_2025_11_25] {
        let of = async |server: &Fixture| {
            let Client { service, .. } = Client::connect(Some(server), version.clone(), capabilities()).await;
            [
                to_json(service.list_all_tools().await.expect("tools/list")),
                to_json(service.list_all_resources().await.expect("resources/list")),
                to_json(service.list_all_prompts().await.expect("prompts/list")),
            ]
        };
        assert_eq!(of(&paged).await, of(&whole).await);
        let client = Client::connect(Some(&paged), version.clone(), capabilities()).await;
        let first = client.service.list_tools(None).await.expect("tools/list");
        assert_eq!(first.tools.len(), 3);
        let lost = PaginatedRequestParams::default().with_cursor(Some("no cursor of ours".to_owned()));
        refused(client.service.list_tools(Some(lost)).await, -32602, None);
    }
}
