//! Login providers for [`dari`](https://docs.rs/dari), and typed clients for the APIs behind them.
//!
//! Each provider is a module and a feature of its own:
//!
//! - `naver` (on by default): Naver Login, the Naver Open API client and [`naver::KstDateTime`];
//! - `sandbox`: `naver::sandbox`, a stand-in for Naver on loopback, to develop and test without credentials.
//!
//! What never happens here: a secret or a user's token in a log, a `Debug` text, an error or a URL; a redirect followed
//! on a call that carries a secret; a reply read without a limit on its size.

pub mod env;
#[cfg(feature = "naver")]
pub mod naver;
