//! `tools![]`, `prompts![]` and `resources![]`: they know this crate as `$crate`, whatever it is called where they stand.

/// An array of tools, by the paths of their functions: `tools![web_search, calendar::create]`.
///
/// Two tools of one name do not compile.
#[macro_export]
macro_rules! tools {
    ($($paths:tt)*) => { $crate::__private::list!($crate, tool, $($paths)*) };
}

/// An array of prompts, by the paths of their functions: `prompts![summarize, review::code]`.
///
/// Two prompts of one name do not compile.
#[macro_export]
macro_rules! prompts {
    ($($paths:tt)*) => { $crate::__private::list!($crate, prompt, $($paths)*) };
}

/// An array of resources and templates, by the paths of their functions: `resources![profile, notes::note]`.
///
/// Two resources at one URI do not compile.
#[macro_export]
macro_rules! resources {
    ($($paths:tt)*) => { $crate::__private::list!($crate, resource, $($paths)*) };
}
