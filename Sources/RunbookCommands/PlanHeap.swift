import Glibc

/// How the system backs what a large plan is kept in.
enum PlanHeap {
  /// Plans below this size leave the heap as it is: a large page for them would be mostly empty.
  private static let threshold = 256 << 10
  /// What glibc reserves for the heap of one thread, at a multiple of as much (HEAP_MAX_SIZE on 64-bit machines).
  private static let span: UInt = 64 << 20
  private static let largePage = 2 << 20

  /// Asks for large pages where the calling thread's heap will grow: a plan of 10,000 steps fills some thousand small ones, each of which the kernel
  /// hands out by itself, which is a sixth of the time of loading. Only a hint: where the system has no large pages, or ranges of the address
  /// space are not the heap's, nothing changes but the kernel's choice.
  static func expectPlan(ofBytes count: Int) {
    guard count >= threshold, let here = malloc(64) else { return }
    defer { free(here) }
    let start = (UInt(bitPattern: here) + UInt(largePage) - 1) & ~UInt(largePage - 1)
    // Not beyond the heap, where the stack of a thread may lie. ENOMEM for what is not mapped comes after the rest was marked.
    _ = madvise(UnsafeMutableRawPointer(bitPattern: start), Int(span - start % span), MADV_HUGEPAGE)
  }
}
