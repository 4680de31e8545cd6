//! What a parameter of a type may stand for: it is an argument or it is injected, and its type alone decides.
//!
//! Each role is a trait of its own, for the words in which the compiler tells that a type cannot play it.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::arg::Arg;
use super::param::{Argument, Injected, Parameter};
use super::signature::Signature;
use crate::extract::FromContext;

/// The ways as markers, which the compiler infers at each parameter.
pub mod via {
    /// By the server.
    #[derive(Debug)]
    pub enum Context {}
    /// By the client.
    #[derive(Debug)]
    pub enum Argument {}
    /// By nobody.
    #[derive(Debug)]
    pub enum Nothing {}
}

/// No type is this.
///
/// A trait with a single implementation is told by what that demands; with this second one it speaks for itself.
pub trait Nothing: FromContext + DeserializeOwned + JsonSchema + 'static {}

/// A type that a parameter may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter here: it is neither an argument nor an extractor",
    label = "neither an argument nor an extractor",
    note = "to take it from the client, derive `serde::Deserialize` and `schemars::JsonSchema` for `{Self}` (and it must be `Send` and own its data)",
    note = "to have it injected, implement `FromContext` for `{Self}`, or take `State<{Self}>` and give the value to `.state(..)`"
)]
pub trait ParamType<M>: Sized {
    /// What stands for the parameter in its function.
    // The parameter itself stands for nothing: so a type that is no parameter is told once, and not wherever it goes.
    type Handle: Parameter<Value = Self>;

    /// Adds the parameter to a function.
    fn declare(signature: &mut Signature, arg: Arg) -> Self::Handle;
}

#[diagnostic::do_not_recommend]
impl<T: FromContext + 'static> ParamType<via::Context> for T {
    type Handle = Injected<T>;

    fn declare(signature: &mut Signature, _: Arg) -> Injected<T> {
        Injected::declare(signature)
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ParamType<via::Argument> for T {
    type Handle = Argument<T>;

    fn declare(signature: &mut Signature, arg: Arg) -> Argument<T> {
        Argument::declare(signature, arg, None)
    }
}

/// A type that stands for an argument, where `#[arg(..)]` says that it does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no argument, so `#[arg(..)]` says nothing of it",
    label = "not an argument",
    note = "take `#[arg(..)]` away from an injected parameter; an argument's type implements `serde::Deserialize` and `schemars::JsonSchema`"
)]
pub trait ArgumentType<M>: Sized {
    /// As for [`ParamType`].
    type Handle: Parameter<Value = Self>;

    /// Adds the argument to a function.
    fn declare(signature: &mut Signature, arg: Arg, default: Option<fn() -> Self>) -> Self::Handle;
}

/// A type that stands for an argument, where the URI of a resource says that it does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a URI: the parameter has the name of a variable, and its type is no argument",
    label = "not an argument",
    note = "give an injected parameter another name; an argument's type implements `serde::Deserialize` and `schemars::JsonSchema`"
)]
pub trait VariableType<M>: Sized {
    /// As for [`ParamType`].
    type Handle: Parameter<Value = Self>;

    /// Adds the argument to a function.
    fn declare(signature: &mut Signature, arg: Arg) -> Self::Handle;
}

/// A type that stands for no argument, where a pattern gives it no name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands under a pattern and is no extractor: an argument needs a name",
    label = "not an extractor",
    note = "write `name: {Self}` and take the value apart inside the function"
)]
pub trait InjectedType<M>: Sized {
    /// As for [`ParamType`].
    type Handle: Parameter<Value = Self>;

    /// Adds the parameter to a function.
    fn declare(signature: &mut Signature) -> Self::Handle;
}

/// A type that stands for no argument, where the URI of a resource has no variable for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no extractor, and the URI has no variable of this parameter's name",
    label = "neither a variable nor an extractor",
    note = "to take it from the URI, write the parameter's name into `uri`, in braces",
    note = "to have it injected, implement `FromContext` for `{Self}`, or take `State<{Self}>` and give the value to `.state(..)`"
)]
pub trait BesideType<M>: Sized {
    /// As for [`ParamType`].
    type Handle: Parameter<Value = Self>;

    /// Adds the parameter to a function.
    fn declare(signature: &mut Signature) -> Self::Handle;
}

macro_rules! arguments {
    ($role:ident: $($default:ident: $type:ty)? = $value:expr) => {
        #[diagnostic::do_not_recommend]
        impl<T: DeserializeOwned + JsonSchema + Send + 'static> $role<via::Argument> for T {
            type Handle = Argument<T>;

            fn declare(signature: &mut Signature, arg: Arg, $($default: $type)?) -> Argument<T> {
                Argument::declare(signature, arg, $value)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Nothing> $role<via::Nothing> for T {
            type Handle = Argument<T>;

            fn declare(signature: &mut Signature, arg: Arg, $($default: $type)?) -> Argument<T> {
                Argument::declare(signature, arg, $value)
            }
        }
    };
}
arguments!(ArgumentType: default: Option<fn() -> T> = default);
arguments!(VariableType: = None);

macro_rules! injected {
    ($role:ident) => {
        #[diagnostic::do_not_recommend]
        impl<T: FromContext + 'static> $role<via::Context> for T {
            type Handle = Injected<T>;

            fn declare(signature: &mut Signature) -> Injected<T> {
                Injected::declare(signature)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Nothing> $role<via::Nothing> for T {
            type Handle = Injected<T>;

            fn declare(signature: &mut Signature) -> Injected<T> {
                Injected::declare(signature)
            }
        }
    };
}
injected!(InjectedType);
injected!(BesideType);

/// Declares a parameter.
// The handle is inferred: where `T` is no parameter there is none, and no error that follows from it.
pub fn param<T: ParamType<M, Handle = H>, M, H>(signature: &mut Signature, arg: Arg) -> H {
    T::declare(signature, arg)
}

/// Declares a parameter that `#[arg(..)]` says to be an argument.
pub fn argument<T: ArgumentType<M, Handle = H>, M, H>(
    signature: &mut Signature,
    arg: Arg,
    default: Option<fn() -> T>,
) -> H {
    T::declare(signature, arg, default)
}

/// Declares a parameter that the URI says to be an argument.
pub fn variable<T: VariableType<M, Handle = H>, M, H>(signature: &mut Signature, arg: Arg) -> H {
    T::declare(signature, arg)
}

/// Declares a parameter that has a pattern and no name.
pub fn injected<T: InjectedType<M, Handle = H>, M, H>(signature: &mut Signature) -> H {
    T::declare(signature)
}

/// Declares a parameter of which the URI says nothing.
pub fn beside<T: BesideType<M, Handle = H>, M, H>(signature: &mut Signature) -> H {
    T::declare(signature)
}

/// A type whose default may be written as a string.
#[diagnostic::on_unimplemented(
    message = "a string cannot be the default of a `{Self}`",
    label = "expected a value for `{Self}`",
    note = "a string literal goes through `Into`: write an expression of the type `{Self}`, or implement `From<&'static str>` for it"
)]
pub trait FromText {
    /// The value that the text stands for.
    fn from_text(text: &'static str) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: From<&'static str>> FromText for T {
    fn from_text(text: &'static str) -> T {
        text.into()
    }
}

/// The default that was written as a string.
pub fn from_text<T: FromText>(text: &'static str) -> T {
    T::from_text(text)
}
