//! The contenders, each with the same two tools.

pub mod with_dari;
pub mod with_rmcp;
