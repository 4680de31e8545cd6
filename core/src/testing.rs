//! What a test says to a server with a [`TestClient`], and what it gets to hear.

pub use crate::server::{
    CallError, InputResponse, LogMessage, ProgressReport, PromptAnswer, Question, ResourceAnswer, TestAnswer,
    TestClient, ToolAnswer,
};
