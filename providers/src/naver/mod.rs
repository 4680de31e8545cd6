//! Naver: login, profile, the Open APIs that a server's tools call, and a sandbox to develop against.
//!
//! - [`NaverOpenApi`]: search, calendar and profile.
//! - [`KstDateTime`], [`KstPeriod`]: instants and periods as a language model writes them, in Korean time.
//! - [`NaverError`]: the one error of every call to Naver, with [`NaverError::model_message`] for the model.
//! - [`NaverProfile`]: the user behind a token.
//! - `sandbox` (feature `sandbox`): a stand-in for `nid.naver.com` and `openapi.naver.com`.

mod error;
mod http;
mod ical;
mod kst;
mod open_api;
mod profile;
mod provider;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod settings;
#[cfg(feature = "naver-unlink")]
mod unlink;

pub use error::{ErrorReply, NaverError, NaverErrorKind, Outage};
pub use kst::{KstDateTime, KstPeriod, ParseKstDateTimeError, ReversedPeriodError};
pub use open_api::*;
pub use profile::NaverProfile;
pub use provider::{Naver, NaverProvider, NaverProviderBuilder};
pub use settings::NaverConfigError;
