import SparrowEngine
import Testing

@testable import Sparrow

@Suite struct PrefixCacheTests {
  @Test("a page that was entered under a page that went can still be let go")
  func whatComesAfterGoesToo() throws {
    let model = try ScheduledModel.load()
    let pageBytes = PagePool.pageBytes(model.configuration, .f16)
    let pool = try model.backend.pagePool(type: .f16, limit: 8 * pageBytes)
    func pages(_ count: Int) throws -> [CachePage] {
      let sequence = try model.backend.sequence(capacity: 64 * count, in: pool)
      #expect(sequence.reserve(64 * count))
      return Array(sequence.pages)
    }
    let text = (0..<192).map { Int32($0 % 90) }
    var cache = PrefixCache()
    cache.keep(text[..<128], try pages(2)[...])
    var own = cache.take(text[..<64], isDense: false) + (try pages(2))
    // The second page is the first text's, the third hangs under it.
    cache.keep(text[...], own[...])
    #expect(cache.count == 3)
    let hasRoom = cache.evict()
    #expect(hasRoom)
    #expect(cache.count == 1)
    cache.keep(text[...], own[...])
    own = []
    while cache.evict() {}
    #expect(cache.count == 0 && pool.used == 0)
  }
}
