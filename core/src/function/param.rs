//! A parameter is an argument or it is injected, and its type alone decides.

use std::future::{Future, ready};
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::arg::Arg;
use super::arguments::Reader;
use super::signature::Signature;
use crate::RequestContext;
use crate::extract::{FromContext, Rejection};

/// The ways as markers, which the compiler infers at each parameter.
pub mod via {
    /// By the server.
    #[derive(Debug)]
    pub enum Context {}
    /// By the model.
    #[derive(Debug)]
    pub enum Argument {}
    /// By nobody.
    #[derive(Debug)]
    pub enum Nothing {}
}

/// A type that a parameter of a tool may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an `#[mcp_tool]` function: it is neither an argument nor an extractor",
    label = "neither an argument nor an extractor",
    note = "to take it from the model, derive `serde::Deserialize` and `schemars::JsonSchema` for `{Self}` (and it must be `Send` and own its data)",
    note = "to have it injected, implement `FromContext` for `{Self}`, or take `State<{Self}>` and give the value to `.state(..)`"
)]
pub trait ToolParam<M>: Sized {
    /// What stands for the parameter in its tool.
    // The parameter itself stands for nothing: so a type that is no parameter is told once, and not wherever it goes.
    type Handle: Parameter<Value = Self>;

    /// Adds the parameter to a function.
    fn declare(signature: &mut Signature, arg: Arg) -> Self::Handle;
}

#[diagnostic::do_not_recommend]
impl<T: FromContext + 'static> ToolParam<via::Context> for T {
    type Handle = Injected<T>;

    fn declare(signature: &mut Signature, _: Arg) -> Injected<T> {
        Injected::declare(signature)
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ToolParam<via::Argument> for T {
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
    /// As for [`ToolParam`].
    type Handle: Parameter<Value = Self>;

    /// Adds the argument to a function.
    fn declare(signature: &mut Signature, arg: Arg, default: Option<fn() -> Self>) -> Self::Handle;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ArgumentType<via::Argument> for T {
    type Handle = Argument<T>;

    fn declare(signature: &mut Signature, arg: Arg, default: Option<fn() -> T>) -> Argument<T> {
        Argument::declare(signature, arg, default)
    }
}

/// A type that stands for no argument, where a pattern gives it no name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands under a pattern and is no extractor: an argument needs a name",
    label = "not an extractor",
    note = "write `name: {Self}` and take the value apart inside the function"
)]
pub trait InjectedType<M>: Sized {
    /// As for [`ToolParam`].
    type Handle: Parameter<Value = Self>;

    /// Adds the parameter to a function.
    fn declare(signature: &mut Signature) -> Self::Handle;
}

#[diagnostic::do_not_recommend]
impl<T: FromContext + 'static> InjectedType<via::Context> for T {
    type Handle = Injected<T>;

    fn declare(signature: &mut Signature) -> Injected<T> {
        Injected::declare(signature)
    }
}

/// No type is this.
///
/// A trait with a single implementation is told by what that demands; with this second one it speaks for itself.
pub trait Nothing: FromContext + DeserializeOwned + JsonSchema + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Nothing> ArgumentType<via::Nothing> for T {
    type Handle = Argument<T>;

    fn declare(signature: &mut Signature, arg: Arg, default: Option<fn() -> T>) -> Argument<T> {
        Argument::declare(signature, arg, default)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Nothing> InjectedType<via::Nothing> for T {
    type Handle = Injected<T>;

    fn declare(signature: &mut Signature) -> Injected<T> {
        Injected::declare(signature)
    }
}

/// Declares a parameter.
// The handle is inferred: where `T` is no parameter there is none, and no error that follows from it.
pub fn param<T: ToolParam<M, Handle = H>, M, H>(signature: &mut Signature, arg: Arg) -> H {
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

/// Declares a parameter that has a pattern and no name.
pub fn injected<T: InjectedType<M, Handle = H>, M, H>(signature: &mut Signature) -> H {
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

/// One parameter of one tool.
pub trait Parameter: Send + Sync + 'static {
    /// What the function gets.
    type Value: Send + 'static;
    /// What is known of it before the extractors run.
    type Read: Send + 'static;

    /// Reads the value from the arguments; `None` where there is a fault.
    fn read(&self, reader: &mut Reader<'_>) -> Option<Self::Read>;

    /// Gives the value.
    fn fill(read: Self::Read, context: &RequestContext) -> impl Future<Output = Result<Self::Value, Rejection>> + Send;
}

/// A parameter that the server fills.
pub struct Injected<T>(PhantomData<fn() -> T>);

impl<T: FromContext> Injected<T> {
    fn declare(signature: &mut Signature) -> Self {
        T::requires(&mut signature.requirements);
        Self(PhantomData)
    }
}

impl<T: FromContext + 'static> Parameter for Injected<T> {
    type Value = T;
    type Read = ();

    fn read(&self, _: &mut Reader<'_>) -> Option<()> {
        Some(())
    }

    fn fill((): (), context: &RequestContext) -> impl Future<Output = Result<T, Rejection>> + Send {
        T::from_context(context)
    }
}

/// A parameter that the model fills.
pub struct Argument<T> {
    index: usize,
    default: Option<fn() -> T>,
}

impl<T: DeserializeOwned + JsonSchema> Argument<T> {
    fn declare(signature: &mut Signature, arg: Arg, default: Option<fn() -> T>) -> Self {
        Self { index: signature.declare::<T>(arg, default.is_some()), default }
    }
}

impl<T: DeserializeOwned + Send + 'static> Parameter for Argument<T> {
    type Value = T;
    type Read = T;

    fn read(&self, reader: &mut Reader<'_>) -> Option<T> {
        reader.read(self.index, self.default)
    }

    fn fill(read: T, _: &RequestContext) -> impl Future<Output = Result<T, Rejection>> + Send {
        ready(Ok(read))
    }
}

/// All parameters of a tool: `(first, (second, ()))`.
pub trait Params: Send + Sync + 'static {
    /// What the function is called with.
    type Values: Send + 'static;
    /// What is known before the extractors run.
    type Read: Send + 'static;

    /// Reads the arguments; `None` where there is a fault.
    fn read(&self, reader: &mut Reader<'_>) -> Option<Self::Read>;

    /// Fills all parameters, one after the other.
    fn fill(read: Self::Read, context: &RequestContext)
    -> impl Future<Output = Result<Self::Values, Rejection>> + Send;
}

impl Params for () {
    type Values = ();
    type Read = ();

    fn read(&self, _: &mut Reader<'_>) -> Option<()> {
        Some(())
    }

    fn fill((): (), _: &RequestContext) -> impl Future<Output = Result<(), Rejection>> + Send {
        ready(Ok(()))
    }
}

impl<First: Parameter, Rest: Params> Params for (First, Rest) {
    type Values = (First::Value, Rest::Values);
    type Read = (First::Read, Rest::Read);

    fn read(&self, reader: &mut Reader<'_>) -> Option<Self::Read> {
        let (first, rest) = self;
        // Both are read before either can end it, so that all faults are found.
        let (first, rest) = (first.read(reader), rest.read(reader));
        Some((first?, rest?))
    }

    async fn fill((first, rest): Self::Read, context: &RequestContext) -> Result<Self::Values, Rejection> {
        let first = First::fill(first, context).await?;
        let rest = Rest::fill(rest, context).await?;
        Ok((first, rest))
    }
}
