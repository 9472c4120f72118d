internal import Addressing
internal import Leasing

/// A pool and which of its addresses may be granted.
struct PoolState {
    let pool: Pool
    var allocator: PoolAllocator
}
