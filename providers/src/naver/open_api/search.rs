//! Search calls, on the legacy host and on NAVER API HUB.

use reqwest::RequestBuilder;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::items::WebResult;
use super::query::{InvalidQuery, SearchQuery};
use super::text::plain_item;
use super::vertical::{self, Vertical};
use super::{NaverOpenApi, SearchHost};
use crate::naver::error::{CallAuth, NaverError};
use crate::naver::http::secret_header;

/// A page of search results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct SearchPage<T> {
    /// What was searched for.
    pub query: String,
    /// How many results there are in all.
    pub total: u64,
    /// Position of the first item of this page, counted from 1.
    pub start: u64,
    /// How many items this page has.
    pub display: u64,
    /// The results, in plain text.
    pub items: Vec<T>,
}

impl NaverOpenApi {
    /// Searches web pages and gives the first `display` results, at least 1 and at most 100 of them.
    ///
    /// # Errors
    /// See [`search`](Self::search); `display` is brought into its range and never an error.
    pub async fn search_web(&self, query: &str, display: u32) -> Result<SearchPage<WebResult>, NaverError> {
        let max = vertical::WEBKR.max_display();
        self.search(vertical::WEBKR, &SearchQuery::new(query).display(display.clamp(1, max))).await
    }

    /// Searches one [vertical](super::vertical).
    ///
    /// # Errors
    /// [`NaverErrorKind::InvalidQuery`](crate::naver::NaverErrorKind::InvalidQuery) before anything is sent, when the query is empty or outside the vertical's limits;
    /// [`NaverErrorKind::ClientRejected`](crate::naver::NaverErrorKind::ClientRejected) when the keys are wrong or search is not ticked for the application;
    /// [`NaverErrorKind::RateLimited`](crate::naver::NaverErrorKind::RateLimited), [`NaverErrorKind::QuotaExhausted`](crate::naver::NaverErrorKind::QuotaExhausted) (25,000 calls a day) and the other ones.
    ///
    /// ```no_run
    /// # async fn run(naver: dari_providers::naver::NaverOpenApi) -> Result<(), dari_providers::naver::NaverError> {
    /// use dari_providers::naver::{SearchQuery, Sort, vertical};
    ///
    /// let news = naver.search(vertical::NEWS, &SearchQuery::new("반도체").sort(Sort::Date)).await?;
    /// println!("{}", news.items[0].pub_date);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn search<T: DeserializeOwned>(
        &self,
        vertical: Vertical<T>,
        query: &SearchQuery,
    ) -> Result<SearchPage<T>, NaverError> {
        let parameters = vertical.parameters(query)?;
        let (status, body) = self.call_search(vertical.name(), &parameters).await?;
        page(query.query.trim(), body).ok_or_else(|| NaverError::garbage(status, "the search reply lacks its items"))
    }

    /// What the words should have been, where they were typed with the keyboard in the wrong language; else `None`.
    ///
    /// # Errors
    /// See [`search`](Self::search).
    pub async fn errata(&self, query: &str) -> Result<Option<String>, NaverError> {
        let (status, body) = self.call_search("errata", &words(query)?).await?;
        match &body["errata"] {
            Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            _ => Err(NaverError::garbage(status, "the reply lacks `errata`")),
        }
    }

    /// Whether the words are for adults only.
    ///
    /// # Errors
    /// See [`search`](Self::search).
    pub async fn adult(&self, query: &str) -> Result<bool, NaverError> {
        let (status, body) = self.call_search("adult", &words(query)?).await?;
        match &body["adult"] {
            Value::String(text) if text == "0" || text == "1" => Ok(text == "1"),
            Value::Number(number) => Ok(number.as_u64() == Some(1)),
            _ => Err(NaverError::garbage(status, "the reply lacks `adult`")),
        }
    }

    async fn call_search(&self, name: &str, parameters: &[(&str, String)]) -> Result<(u16, Value), NaverError> {
        let request = self.search_request(name).query(parameters);
        let reply = self.inner.http.send(CallAuth::Application, request).await?;
        Ok((reply.status, reply.body))
    }

    fn search_request(&self, name: &str) -> RequestBuilder {
        let inner = &*self.inner;
        match &inner.search {
            SearchHost::Legacy(keys) => {
                let request = inner.http.get(inner.open_api.at(&format!("/v1/search/{name}.json")));
                secret_header(request.header("X-Naver-Client-Id", &keys.id), "X-Naver-Client-Secret", &keys.secret)
            }
            SearchHost::Hub(keys, url) => {
                let request = inner.http.get(url.at(&format!("/search/v1/{name}")));
                secret_header(request.header("X-NCP-APIGW-API-KEY-ID", &keys.id), "X-NCP-APIGW-API-KEY", &keys.secret)
            }
        }
    }
}

fn words(query: &str) -> Result<Vec<(&'static str, String)>, InvalidQuery> {
    match query.trim() {
        "" => Err(InvalidQuery::Empty),
        words => Ok(vec![("query", words.to_owned())]),
    }
}

fn page<T: DeserializeOwned>(query: &str, mut body: Value) -> Option<SearchPage<T>> {
    let Value::Array(items) = body["items"].take() else { return None };
    let items = items
        .into_iter()
        .map(|item| match item {
            Value::Object(item) => serde_json::from_value(plain_item(item)).ok(),
            _ => None,
        })
        .collect::<Option<Vec<T>>>()?;
    let number = |name: &str| body[name].as_u64().or_else(|| body[name].as_str()?.parse().ok());
    let display = u64::try_from(items.len()).ok()?;
    Some(SearchPage {
        query: query.to_owned(),
        total: number("total")?,
        start: number("start").unwrap_or(1),
        display,
        items,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::naver::{BlogPost, LocalPlace};

    #[test]
    fn a_page_is_read_into_plain_text() {
        let body = json!({"lastBuildDate": "Mon, 01 Mar 2027 10:00:00 +0900", "total": 123, "start": 11, "display": 1,
            "items": [{"title": "<b>서울</b> 안내", "link": "https://example.com/", "description": "a &amp; b &lt;c&gt;",
                "bloggername": "Tom &amp; Co", "postdate": "20270301", "new": {"a": 1}}]});
        let page: SearchPage<BlogPost> = page("서울", body).unwrap();
        assert_eq!((page.total, page.start, page.display), (123, 11, 1));
        let item = &page.items[0];
        assert_eq!((item.title.as_str(), item.description.as_str()), ("서울 안내", "a & b <c>"));
        assert_eq!((item.blogger_name.as_str(), item.blogger_link.as_str()), ("Tom & Co", ""));
        let json = serde_json::to_value(&page).unwrap();
        assert_eq!(json["items"][0]["postdate"], "20270301");
        assert_eq!(serde_json::from_value::<SearchPage<BlogPost>>(json).unwrap(), page);
    }

    #[test]
    fn a_reply_without_items_is_no_page() {
        for body in
            [json!({}), json!({"total": 1, "items": {}}), json!({"items": []}), json!({"total": 1, "items": [1]})]
        {
            assert_eq!(page::<WebResult>("q", body.clone()), None, "{body}");
        }
    }

    #[test]
    fn pages_have_a_schema_in_the_words_of_their_json() {
        let schema = schemars::schema_for!(SearchPage<LocalPlace>).to_value();
        let text = schema.to_string();
        assert!(text.contains("roadAddress") && text.contains("\"total\""), "{text}");
    }
}
