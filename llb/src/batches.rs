//! Work on many items: on all processors with the feature `parallel`, else one after another. The
//! results are the same, in the same order.

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// What `work` makes of each item.
pub(crate) fn map<T, U>(items: &[T], work: impl Fn(&T) -> U + Send + Sync) -> Vec<U>
where
    T: Sync,
    U: Send,
{
    #[cfg(feature = "parallel")]
    let items = items.par_iter();
    #[cfg(not(feature = "parallel"))]
    let items = items.iter();
    items.map(work).collect()
}

/// What `work` makes of each run of `size` items; the last one may be shorter.
pub(crate) fn map_chunks<T, U>(
    items: &[T],
    size: usize,
    work: impl Fn(&[T]) -> U + Send + Sync,
) -> Vec<U>
where
    T: Sync,
    U: Send,
{
    #[cfg(feature = "parallel")]
    let chunks = items.par_chunks(size);
    #[cfg(not(feature = "parallel"))]
    let chunks = items.chunks(size);
    chunks.map(work).collect()
}
