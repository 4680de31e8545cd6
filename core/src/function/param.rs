//! The parameters of a function, once they are declared: how each is filled at a call.

use std::future::{Future, ready};
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::arg::Arg;
use super::arguments::Reader;
use super::signature::Signature;
use crate::RequestContext;
use crate::extract::{FromContext, Rejection};

/// One parameter of one function.
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
    pub(super) fn declare(signature: &mut Signature) -> Self {
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

/// A parameter that the client fills.
pub struct Argument<T> {
    index: usize,
    default: Option<fn() -> T>,
}

impl<T: DeserializeOwned + JsonSchema> Argument<T> {
    pub(super) fn declare(signature: &mut Signature, arg: Arg, default: Option<fn() -> T>) -> Self {
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

/// All parameters of a function: `(first, (second, ()))`.
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
