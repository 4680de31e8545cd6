//! The kinds of things that Naver searches ("verticals"), each with its limits and the type of its results.

use std::fmt;
use std::marker::PhantomData;

use super::items::{
    BlogPost, BookResult, CafeArticle, EncycEntry, ImageResult, LocalPlace, NewsArticle, ShopItem, WebResult,
};
use super::query::{InvalidQuery, SearchQuery, Sort};

/// A kind of search whose results are `T`: one of the constants of [this module](self).
pub struct Vertical<T> {
    name: &'static str,
    sorts: &'static [Sort],
    max_display: u32,
    max_start: u32,
    items: PhantomData<fn() -> T>,
}

const BY_DATE: &[Sort] = &[Sort::Sim, Sort::Date];

/// Web pages.
pub const WEBKR: Vertical<WebResult> = Vertical::new("webkr", &[]);
/// Blog posts.
pub const BLOG: Vertical<BlogPost> = Vertical::new("blog", BY_DATE);
/// News.
pub const NEWS: Vertical<NewsArticle> = Vertical::new("news", BY_DATE);
/// Posts in cafés (communities).
pub const CAFE_ARTICLE: Vertical<CafeArticle> = Vertical::new("cafearticle", BY_DATE);
/// Questions and answers (지식iN).
pub const KIN: Vertical<WebResult> = Vertical::new("kin", &[Sort::Sim, Sort::Date, Sort::Point]);
/// Encyclopedias.
pub const ENCYC: Vertical<EncycEntry> = Vertical::new("encyc", &[]);
/// Books.
pub const BOOK: Vertical<BookResult> = Vertical::new("book", BY_DATE);
/// Academic documents.
pub const DOC: Vertical<WebResult> = Vertical::new("doc", &[]);
/// Images.
pub const IMAGE: Vertical<ImageResult> = Vertical::new("image", BY_DATE);
/// Goods.
pub const SHOP: Vertical<ShopItem> = Vertical::new("shop", &[Sort::Sim, Sort::Date, Sort::Asc, Sort::Dsc]);
/// Places and businesses: at most five results, from the first.
pub const LOCAL: Vertical<LocalPlace> =
    Vertical { max_display: 5, max_start: 1, ..Vertical::new("local", &[Sort::Random, Sort::Comment]) };

impl<T> Vertical<T> {
    const fn new(name: &'static str, sorts: &'static [Sort]) -> Self {
        Self { name, sorts, max_display: 100, max_start: 1000, items: PhantomData }
    }

    /// Naver's name of it, such as `webkr`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The orders that it knows; empty where results have no choice of order.
    pub fn sorts(&self) -> &'static [Sort] {
        self.sorts
    }

    /// The most results of one call.
    pub fn max_display(&self) -> u32 {
        self.max_display
    }

    /// The last position to start from.
    pub fn max_start(&self) -> u32 {
        self.max_start
    }

    /// The parameters to send for a query, if Naver would take them.
    pub(super) fn parameters(&self, query: &SearchQuery) -> Result<Vec<(&'static str, String)>, InvalidQuery> {
        let words = query.query.trim();
        if words.is_empty() {
            return Err(InvalidQuery::Empty);
        }
        let mut parameters = vec![("query", words.to_owned())];
        if let Some(received) = query.display {
            if !(1..=self.max_display).contains(&received) {
                return Err(InvalidQuery::Display { received, max: self.max_display });
            }
            parameters.push(("display", received.to_string()));
        }
        if let Some(received) = query.start {
            if !(1..=self.max_start).contains(&received) {
                return Err(InvalidQuery::Start { received, max: self.max_start });
            }
            parameters.push(("start", received.to_string()));
        }
        match query.sort {
            Some(sort) if self.sorts.contains(&sort) => parameters.push(("sort", sort.as_str().to_owned())),
            Some(received) if !self.sorts.is_empty() => {
                return Err(InvalidQuery::Sort { vertical: self.name, received, allowed: self.sorts });
            }
            _ => {}
        }
        Ok(parameters)
    }
}

impl<T> Clone for Vertical<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Vertical<T> {}

impl<T> fmt::Debug for Vertical<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vertical({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_vertical() {
        let q = || SearchQuery::new("서울");
        WEBKR.parameters(&q().display(100).start(1000)).unwrap();
        for (query, part) in [
            (q().display(0), "display is 0; give 1 to 100"),
            (q().display(101), "display is 101"),
            (q().start(0), "start is 0; give 1 to 1000"),
            (q().start(1001), "start is 1001"),
            (SearchQuery::new(" \n"), "query is empty"),
        ] {
            let error = WEBKR.parameters(&query).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        LOCAL.parameters(&q().display(5).start(1)).unwrap();
        assert_eq!(LOCAL.parameters(&q().display(6)), Err(InvalidQuery::Display { received: 6, max: 5 }));
        assert_eq!(LOCAL.parameters(&q().start(2)), Err(InvalidQuery::Start { received: 2, max: 1 }));
    }

    #[test]
    fn an_order_is_sent_only_where_there_is_one() {
        let query = SearchQuery::new(" 서울 ").sort(Sort::Date);
        assert_eq!(WEBKR.parameters(&query).unwrap(), [("query", "서울".to_owned())]);
        assert_eq!(BLOG.parameters(&query).unwrap()[1], ("sort", "date".to_owned()));
        let error = BLOG.parameters(&query.sort(Sort::Asc)).unwrap_err().to_string();
        assert_eq!(error, "blog can't be sorted by `asc`; give one of `sim`, `date`");
    }
}
