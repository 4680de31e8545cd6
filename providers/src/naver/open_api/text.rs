//! Plain text out of search results.

use serde_json::{Map, Value};

/// Fields that hold an address: they are left as they are.
const ADDRESSES: [&str; 6] = ["link", "originallink", "bloggerlink", "cafeurl", "image", "thumbnail"];

/// Turns an item of a search reply into plain strings: marks of matches removed, entities decoded, numbers written out,
/// nulls dropped.
pub(super) fn plain_item(item: Map<String, Value>) -> Value {
    let plain = item.into_iter().filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) if ADDRESSES.contains(&name.as_str()) => text,
            Value::String(text) => plain_text(&text),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((name, Value::String(text)))
    });
    Value::Object(plain.collect())
}

/// Removes Naver's `<b>` marks, **then** decodes entities once: in this order a `&lt;b&gt;` of the page itself survives.
pub(super) fn plain_text(html: &str) -> String {
    let mut unmarked = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        unmarked.push_str(&rest[..at]);
        let tail = &rest[at..];
        let mark = ["<b>", "</b>"]
            .into_iter()
            .find(|mark| tail.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)));
        let skip = mark.map_or_else(
            || {
                unmarked.push('<');
                1
            },
            str::len,
        );
        rest = &tail[skip..];
    }
    unmarked.push_str(rest);
    html_escape::decode_html_entities(&unmarked).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_go_first_and_entities_are_decoded_once() {
        for (html, plain) in [
            ("<b>서울</b> 안내", "서울 안내"),
            ("a &amp; b &lt;c&gt; &quot;d&quot; &#39;e&#39;", "a & b <c> \"d\" 'e'"),
            ("<B>x</B> &lt;b&gt;literal&lt;/b&gt;", "x <b>literal</b>"),
            ("&amp;lt;", "&lt;"),
            ("1 < 2 <", "1 < 2 <"),
            ("<bold> 한<b", "<bold> 한<b"),
            ("", ""),
        ] {
            assert_eq!(plain_text(html), plain, "{html}");
        }
    }

    #[test]
    fn an_item_becomes_strings_and_keeps_its_addresses() {
        let item = json!({"title": "<b>a</b> &amp; b", "link": "https://x.kr/?a=1&amp;b=2", "size": 7, "none": null});
        let Value::Object(item) = item else { unreachable!() };
        let plain = json!({"title": "a & b", "link": "https://x.kr/?a=1&amp;b=2", "size": "7"});
        assert_eq!(plain_item(item), plain);
    }
}
