internal import CSparrowSystem
import SparrowEngine

/// The pages of a pool, one after another in one map:
/// `[page][layer][key or value][head][position][headDimension]`.
///
/// Their memory becomes resident when positions are filled. It lies in huge pages, since attention
/// reads small pieces all over a page.
final class MappedPages: PageMemory {
  private nonisolated(unsafe) let base: UnsafeMutableRawPointer
  private let byteCount: Int
  private let pageBytes: Int

  /// nil where the address space cannot be reserved.
  init?(_ count: Int, bytes pageBytes: Int) {
    let (total, overflow) = count.multipliedReportingOverflow(by: pageBytes)
    guard !overflow, let memory = ss_map_memory(total) else { return nil }
    ss_advise_huge(memory, total)
    base = memory
    byteCount = total
    self.pageBytes = pageBytes
  }

  deinit { munmap(base, byteCount) }

  func address(_ place: Int) -> UnsafeMutableRawPointer { base + place * pageBytes }

  func copy(_ place: Int, to other: Int) {
    address(other).copyMemory(from: address(place), byteCount: pageBytes)
  }

  func release(_ places: Range<Int>) {
    // The system's pages at the ends may hold other places too.
    let unit = Int(getpagesize())
    let start = (places.lowerBound * pageBytes + unit - 1) / unit * unit
    let end = places.upperBound * pageBytes / unit * unit
    if start < end { ss_release(base + start, end - start) }
  }
}
