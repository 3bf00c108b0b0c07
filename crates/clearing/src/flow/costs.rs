//! What a unit of flow costs along a half.

use super::residual::Half;

/// The cost of a half: that of its arc at the tail, the negative of it at the head.
pub(super) trait Cost: Copy {
    /// Cost of a unit pushed along this half.
    fn of(self, half: usize, head: Half) -> i64;
}

/// All arcs cost the same, as in a plain set-off: then the flag in the half says all.
#[derive(Clone, Copy)]
pub(super) struct Same(pub i64);

impl Cost for Same {
    #[inline]
    fn of(self, _half: usize, head: Half) -> i64 {
        if head.is_forward() { self.0 } else { -self.0 }
    }
}

/// One cost for each half.
#[derive(Clone, Copy)]
pub(super) struct Each<'a>(pub &'a [i64]);

impl Cost for Each<'_> {
    #[inline]
    fn of(self, half: usize, _head: Half) -> i64 {
        self.0[half]
    }
}
