//! The contenders, each with the same tools.

pub mod floor;
pub mod with_dari;
pub mod with_rmcp;
