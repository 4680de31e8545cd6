//! A small search over the [corpus](super::corpus): all words must occur, and the title weighs more.

use super::corpus::{DOCUMENTS, Document};

/// A document that was found.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) document: &'static Document,
    /// Its place in the corpus.
    pub(super) number: usize,
    score: usize,
}

/// An order of hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Relevance,
    Newest,
    Cheapest,
    Dearest,
}

/// The words of a query, in lower case. Case is folded for ASCII only, so that positions stay what they are.
pub(super) fn words(query: &str) -> Vec<String> {
    query.split_whitespace().map(str::to_ascii_lowercase).collect()
}

pub(super) fn find(words: &[String], order: Order) -> Vec<Hit> {
    let mut hits: Vec<Hit> = DOCUMENTS
        .iter()
        .enumerate()
        .filter_map(|(number, document)| Some(Hit { document, number, score: score(document, words)? }))
        .collect();
    // Stable: what is equal stays in the order of the corpus.
    match order {
        Order::Relevance => hits.sort_by_key(|hit| std::cmp::Reverse(hit.score)),
        Order::Newest => hits.sort_by_key(|hit| std::cmp::Reverse(hit.document.date)),
        Order::Cheapest => hits.sort_by_key(|hit| price(hit.number)),
        Order::Dearest => hits.sort_by_key(|hit| std::cmp::Reverse(price(hit.number))),
    }
    hits
}

/// The price that a document has when it plays a thing on sale.
pub(super) fn price(number: usize) -> usize {
    3_000 + number * 7_919 % 50_000
}

fn score(document: &Document, words: &[String]) -> Option<usize> {
    let (title, text) = (document.title.to_ascii_lowercase(), document.text.to_ascii_lowercase());
    let of_word = |word: &String| match 5 * title.matches(word.as_str()).count() + text.matches(word.as_str()).count() {
        0 => None,
        score => Some(score),
    };
    words.iter().map(of_word).sum()
}

/// The text as HTML with `<b>` around every match, the way Naver sends it.
pub(super) fn mark(text: &str, words: &[String]) -> String {
    let lower = text.to_ascii_lowercase();
    let mut html = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while at < text.len() {
        let found = words.iter().filter(|word| lower[at..].starts_with(word.as_str())).map(String::len).max();
        let end = at + found.unwrap_or_else(|| text[at..].chars().next().map_or(1, char::len_utf8));
        let piece = escape(&text[at..end]);
        if found.is_some() {
            html.extend(["<b>", &piece, "</b>"]);
        } else {
            html.push_str(&piece);
        }
        at = end;
    }
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_words_must_occur_and_titles_come_first() {
        let all = find(&words("서울"), Order::Relevance);
        let fewer = find(&words("서울 야경"), Order::Relevance);
        assert!(all.len() > fewer.len() && !fewer.is_empty(), "{} {}", all.len(), fewer.len());
        assert!(all[0].document.title.contains("서울"));
        assert!(find(&words("서울 없는낱말"), Order::Relevance).is_empty());
        assert_eq!(find(&words("RUST"), Order::Relevance).len(), find(&words("rust"), Order::Relevance).len());
    }

    #[test]
    fn orders_are_orders() {
        let dates: Vec<_> = find(&words("서울"), Order::Newest).iter().map(|hit| hit.document.date).collect();
        assert!(dates.is_sorted_by(|a, b| a >= b), "{dates:?}");
        let prices: Vec<_> = find(&words("서울"), Order::Cheapest).iter().map(|hit| price(hit.number)).collect();
        assert!(prices.is_sorted(), "{prices:?}");
    }

    #[test]
    fn matches_are_marked_and_the_rest_escaped() {
        assert_eq!(
            mark("Rust의 Vec<T> & 'b'", &words("rust vec")),
            "<b>Rust</b>의 <b>Vec</b>&lt;T&gt; &amp; &#39;b&#39;"
        );
        assert_eq!(mark("a<b", &words("<")), "a<b>&lt;</b>b");
        assert_eq!(mark("커피커피", &words("커피")), "<b>커피</b><b>커피</b>");
    }

    #[test]
    fn the_corpus_is_varied_and_in_form() {
        assert!(DOCUMENTS.len() >= 36, "{}", DOCUMENTS.len());
        for document in DOCUMENTS {
            let date = document.date.to_string();
            chrono::NaiveDate::parse_from_str(&date, "%Y%m%d").unwrap();
            assert!(document.slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", document.slug);
        }
        let mut slugs: Vec<_> = DOCUMENTS.iter().map(|document| document.slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), DOCUMENTS.len());
        assert!(DOCUMENTS.iter().any(|document| document.title.contains(['<', '&', '"'])));
    }
}
