//! What came of a request, with all that was said on the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::questions::Question;
use crate::protocol::{
    CallToolResult, Content, GetPromptResult, LoggingLevel, PromptMessage, ReadResourceResult, ResourceContents,
};

/// One report of a call's [`Progress`](crate::Progress).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ProgressReport {
    /// How much is done.
    pub progress: f64,
    /// Of how much in all, where that is known.
    #[serde(default)]
    pub total: Option<f64>,
    /// What people read.
    #[serde(default)]
    pub message: Option<String>,
}

/// One message of a call's [`Log`](crate::Log).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct LogMessage {
    /// How grave it is.
    pub level: LoggingLevel,
    /// The name of what wrote it.
    #[serde(default)]
    pub logger: Option<String>,
    /// What it says.
    pub data: Value,
}

/// What a call said before its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    progress: Vec<ProgressReport>,
    logs: Vec<LogMessage>,
    rounds: Vec<Vec<Question>>,
}

impl Heard {
    /// Takes a notification.
    pub(super) fn notification(&mut self, json: &[u8]) {
        #[derive(Deserialize)]
        #[serde(tag = "method", content = "params")]
        enum Notification {
            #[serde(rename = "notifications/progress")]
            Progress(ProgressReport),
            #[serde(rename = "notifications/message")]
            Message(LogMessage),
        }
        match serde_json::from_slice(json) {
            Ok(Notification::Progress(report)) => self.progress.push(report),
            Ok(Notification::Message(message)) => self.logs.push(message),
            // Others are not about the call.
            Err(_) => {}
        }
    }

    /// Takes the questions that were asked together.
    pub(super) fn round(&mut self, questions: Vec<Question>) {
        self.rounds.push(questions);
    }

    pub(super) const fn rounds(&self) -> usize {
        self.rounds.len()
    }
}

/// What came of a request to a [`TestClient`](crate::TestClient), and what was said on the way.
#[derive(Clone, Debug)]
pub struct TestAnswer<R> {
    result: R,
    heard: Heard,
}

/// What a tool answered.
pub type ToolAnswer = TestAnswer<CallToolResult>;
/// A prompt, filled in.
pub type PromptAnswer = TestAnswer<GetPromptResult>;
/// What a resource holds.
pub type ResourceAnswer = TestAnswer<ReadResourceResult>;

impl<R> TestAnswer<R> {
    pub(super) const fn new(result: R, heard: Heard) -> Self {
        Self { result, heard }
    }

    pub(super) fn into_parts(self) -> (R, Heard) {
        (self.result, self.heard)
    }

    /// The result as it is sent.
    pub const fn result(&self) -> &R {
        &self.result
    }

    /// How far the call said to be, in order. Where it ran several times, because it asked something, the reports of
    /// each run follow each other.
    #[must_use]
    pub fn progress(&self) -> &[ProgressReport] {
        &self.heard.progress
    }

    /// What the call logged for the client, in order ([`TestClient::with_log_level`](crate::TestClient::with_log_level)).
    #[must_use]
    pub fn logs(&self) -> &[LogMessage] {
        &self.heard.logs
    }

    /// The questions that were asked, in order.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.heard.rounds.iter().flatten()
    }

    /// The same in rounds: questions that were asked together stand together.
    #[must_use]
    pub fn rounds(&self) -> &[Vec<Question>] {
        &self.heard.rounds
    }
}

impl TestAnswer<CallToolResult> {
    /// Whether the tool failed; the text then says why.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.result.is_error
    }

    /// The text of the content, a line a piece.
    #[must_use]
    pub fn text(&self) -> String {
        lines(self.result.content.iter())
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &[Content] {
        &self.result.content
    }

    /// The structured content as a value of this type.
    ///
    /// # Errors
    ///
    /// What `serde_json` says where there is none, or it has another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.result.structured_content.as_deref().map_or("", |json| json.get()))
    }
}

impl TestAnswer<GetPromptResult> {
    /// The text of the messages, a line a message.
    #[must_use]
    pub fn text(&self) -> String {
        lines(self.result.messages.iter().map(|message| &message.content))
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> &[PromptMessage] {
        &self.result.messages
    }
}

impl TestAnswer<ReadResourceResult> {
    /// The text of the contents, a line a piece.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.result.contents.iter().filter_map(|contents| match contents {
            ResourceContents::Text { text, .. } => Some(&**text),
            ResourceContents::Blob { .. } => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The bytes of the first contents that are no text.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        self.result.contents.iter().find_map(|contents| match contents {
            ResourceContents::Blob { blob, .. } => BASE64.decode(blob).ok(),
            ResourceContents::Text { .. } => None,
        })
    }

    /// The contents.
    #[must_use]
    pub fn contents(&self) -> &[ResourceContents] {
        &self.result.contents
    }

    /// The text, read as a JSON value of this type.
    ///
    /// # Errors
    ///
    /// What `serde_json` says where there is none, or it has another form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.text())
    }
}

fn lines<'a>(content: impl Iterator<Item = &'a Content>) -> String {
    let texts = content.filter_map(|content| match content {
        Content::Text { text, .. } => Some(&**text),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
