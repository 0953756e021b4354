//! Statements whose failures are counted, for the metrics.

use crate::server::metrics::DatabaseMetrics;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use sqlx::any::{Any, AnyQueryResult, AnyRow, AnyStatement, AnyTypeInfo};
use sqlx::{AnyConnection, AnyPool, Either, Error, Execute, Executor, SqlStr};
use std::ops::Deref;

/// The connections that read. A statement on them is a transaction of its own.
#[derive(Clone, Debug)]
pub(super) struct Readers {
    pool: AnyPool,
    metrics: DatabaseMetrics,
}

/// The connection of a write transaction.
#[derive(Debug)]
pub(super) struct WritingConnection<'c> {
    connection: &'c mut AnyConnection,
    metrics: &'c DatabaseMetrics,
}

impl Readers {
    pub(super) fn new(pool: AnyPool, metrics: DatabaseMetrics) -> Self {
        Self { pool, metrics }
    }

    /// The same connections, counting to other metrics.
    pub(super) fn measured(&self, metrics: DatabaseMetrics) -> Self {
        Self::new(self.pool.clone(), metrics)
    }
}

impl<'c> WritingConnection<'c> {
    pub(super) fn new(connection: &'c mut AnyConnection, metrics: &'c DatabaseMetrics) -> Self {
        Self { connection, metrics }
    }
}

impl Deref for Readers {
    type Target = AnyPool;

    fn deref(&self) -> &AnyPool {
        &self.pool
    }
}

/// Implements [`Executor`] by another one, and counts each error.
macro_rules! counted {
    ($type:ty, $count:ident) => {
        impl<'c> Executor<'c> for $type {
            type Database = Any;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<AnyQueryResult, AnyRow>, Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Any>,
            {
                let (inner, metrics) = self.parts();
                inner.fetch_many(query).inspect_err(move |_| metrics.$count()).boxed()
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Any>,
            {
                let (inner, metrics) = self.parts();
                inner.fetch_optional(query).inspect_err(move |_| metrics.$count()).boxed()
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [AnyTypeInfo],
            ) -> BoxFuture<'e, Result<AnyStatement, Error>>
            where
                'c: 'e,
            {
                let (inner, metrics) = self.parts();
                inner.prepare_with(sql, parameters).inspect_err(move |_| metrics.$count()).boxed()
            }
        }
    };
}

impl<'c> WritingConnection<'c> {
    fn parts(self) -> (&'c mut AnyConnection, &'c DatabaseMetrics) {
        (self.connection, self.metrics)
    }
}

impl Readers {
    const fn parts(&self) -> (&AnyPool, &DatabaseMetrics) {
        (&self.pool, &self.metrics)
    }
}

counted!(&'c Readers, read_failed);
counted!(WritingConnection<'c>, write_failed);
