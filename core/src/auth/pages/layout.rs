//! What all pages share.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Lang, Page};

/// The style sheet, inline in every page and named by its hash in the policy.
pub(super) const STYLE: &str = include_str!("style.css");

/// How a page is meant, which the mark above its title shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A bridge: somebody asks to cross.
    Asking,
    /// It worked.
    Done,
    /// It did not.
    Failed,
}

/// A whole page around its content.
pub(super) fn page(lang: Lang, tone: Tone, title: &str, content: &Markup) -> Page {
    let html = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (mark(tone))
                    (content)
                }
            }
        }
    };
    Page { lang, html: html.into_string() }
}

fn mark(tone: Tone) -> Markup {
    let (class, path) = match tone {
        Tone::Asking => ("mark", "M2 7h20M3 7v11M12 7v11M21 7v11M3 16.5a4.5 4.5 0 0 1 9 0a4.5 4.5 0 0 1 9 0"),
        Tone::Done => ("mark done", "M5 12.5l4.5 4.5L19 7.5"),
        Tone::Failed => ("mark failed", "M12 6v7.5M12 17.5v.5"),
    };
    html! {
        div class=(class) aria-hidden="true" {
            svg viewBox="0 0 24 24" width="28" height="28" fill="none" stroke="currentColor" stroke-width="2"
                stroke-linecap="round" stroke-linejoin="round" focusable="false" {
                path d=(path);
            }
        }
    }
}
