//! What is searched for, checked before it is sent.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A search: the words and which part of the results.
///
/// ```
/// use dari_providers::naver::{SearchQuery, Sort};
///
/// let query = SearchQuery::new("한글날").display(20).start(21).sort(Sort::Date);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[must_use]
pub struct SearchQuery {
    /// The words to search for.
    pub query: String,
    /// How many results, 1 to 100 (local search: 1 to 5); without it Naver gives 10 (local search: 1).
    #[serde(default)]
    pub display: Option<u32>,
    /// Position of the first result, counted from 1, at most 1000 (local search: 1 only).
    #[serde(default)]
    pub start: Option<u32>,
    /// The order. Verticals that have none ignore it.
    #[serde(default)]
    pub sort: Option<Sort>,
}

impl SearchQuery {
    /// A search with Naver's own defaults.
    pub fn new(query: impl Into<String>) -> Self {
        Self { query: query.into(), display: None, start: None, sort: None }
    }

    /// How many results.
    pub fn display(mut self, display: u32) -> Self {
        self.display = Some(display);
        self
    }

    /// Position of the first result, counted from 1.
    pub fn start(mut self, start: u32) -> Self {
        self.start = Some(start);
        self
    }

    /// The order.
    pub fn sort(mut self, sort: Sort) -> Self {
        self.sort = Some(sort);
        self
    }
}

/// An order of results. Which of them a vertical knows is told by [`Vertical::sorts`](super::Vertical::sorts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Sort {
    /// By relevance.
    Sim,
    /// Newest first.
    Date,
    /// By rating (kin).
    Point,
    /// Cheapest first (shop).
    Asc,
    /// Dearest first (shop).
    Dsc,
    /// By accuracy (local).
    Random,
    /// By the number of reviews (local).
    Comment,
}

impl Sort {
    /// The value of the parameter `sort`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sim => "sim",
            Self::Date => "date",
            Self::Point => "point",
            Self::Asc => "asc",
            Self::Dsc => "dsc",
            Self::Random => "random",
            Self::Comment => "comment",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A search that Naver would refuse. Its message is meant for the one who wrote the query, a model or a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidQuery {
    /// There are no words.
    #[error("the query is empty; give the words to search for")]
    Empty,
    /// Too few or too many results.
    #[error("display is {received}; give 1 to {max}")]
    Display {
        /// What was asked for.
        received: u32,
        /// The most that this vertical gives.
        max: u32,
    },
    /// A start outside the results that Naver gives.
    #[error("start is {received}; give 1 to {max}")]
    Start {
        /// What was asked for.
        received: u32,
        /// The last that this vertical gives.
        max: u32,
    },
    /// An order that this vertical does not know.
    #[error("{vertical} can't be sorted by `{received}`; give one of {}", list(allowed))]
    Sort {
        /// The vertical.
        vertical: &'static str,
        /// What was asked for.
        received: Sort,
        /// What it knows.
        allowed: &'static [Sort],
    },
}

fn list(sorts: &[Sort]) -> String {
    sorts.iter().map(|sort| format!("`{sort}`")).collect::<Vec<_>>().join(", ")
}
