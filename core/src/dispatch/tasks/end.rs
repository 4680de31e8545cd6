//! What a call's answer is to its task.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::record::End;
use crate::outcome::{Answer, Outcome};
use crate::protocol::{CallToolResult, ErrorCode, RpcError, SERVER_INFO};

/// Why a task has no result although its server did not fail it.
const GONE: &str = "the server that ran it is gone: it was restarted or crashed";

/// A result as the request itself would have been answered with it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    #[serde(flatten)]
    result: CallToolResult,
    result_type: &'static str,
}

impl End {
    /// The end of a task whose call came to this answer. Results are bounded, since they are kept.
    pub(super) fn of(answer: Answer, server_info: &Value, max_result_bytes: usize) -> Self {
        let result = match answer {
            Ok(Outcome::Tool(result)) => result,
            Ok(Outcome::Error(error)) => return Self::failed(&error),
            Err(refused) => return Self::failed(&refused.to_error()),
            // Nothing else comes of the call of a tool that waits for its answers.
            Ok(_) => return Self::failed(&RpcError::internal()),
        };
        match completed(result, server_info) {
            Ok(result) if result.get().len() <= max_result_bytes => Self::Completed(result),
            Ok(result) => {
                let size = result.get().len();
                tracing::warn!(size, max_result_bytes, "the result of a task is too large to be kept");
                let told = format!(
                    "the result has {size} bytes, but this server keeps at most {max_result_bytes} of a task: ask for less"
                );
                let told = completed(CallToolResult::error(told), server_info);
                told.map_or_else(|_| Self::failed(&RpcError::internal()), Self::Completed)
            }
            Err(failure) => {
                tracing::error!("a result could not be serialized: {failure}");
                Self::failed(&RpcError::internal())
            }
        }
    }

    /// The end of a task that failed with this error.
    pub(super) fn failed(error: &RpcError) -> Self {
        let message = error.message().to_owned();
        match to_raw_value(error) {
            Ok(error) => Self::Failed { error, message },
            Err(_) => Self::Failed { error: RawValue::NULL.to_owned(), message },
        }
    }

    /// The end of a task whose process came to its own.
    pub(super) fn gone() -> Self {
        Self::failed(&RpcError::new(ErrorCode::InternalError, GONE))
    }

    /// The end of a task whose server is stopping.
    pub(super) fn stopped() -> Self {
        Self::failed(&RpcError::new(ErrorCode::InternalError, "the server that ran it was stopped"))
    }
}

fn completed(mut result: CallToolResult, server_info: &Value) -> Result<Box<RawValue>, serde_json::Error> {
    result.meta.get_or_insert_with(Map::new).insert(SERVER_INFO.to_owned(), server_info.clone());
    to_raw_value(&Whole { result, result_type: "complete" })
}
