import SparrowTransformer
import Testing

@testable import SparrowEngine

@Suite struct PagePoolTests {
  @Test("pages live as long as somebody has them, and their places come again")
  func places() throws {
    let pool = try pool(pages: 4)
    var pages = try #require(pool.take(3))
    #expect(pages.map(\.place) == [0, 1, 2] && pool.used == 3)
    let kept = pages[1]
    pages.removeAll()
    #expect(pool.used == 1 && pool.free == 3)
    let others = try #require(pool.take(3))
    #expect(Set(others.map(\.place) + [kept.place]) == Set(0..<4))
    #expect(pool.take(1) == nil && pool.take(0)?.isEmpty == true && pool.used == 4)
  }

  @Test("runs of free pages go back to the system, once")
  func releases() throws {
    let pool = try pool(pages: 8)
    let memory = try #require(pool.memory as? FakePages)
    var pages = try #require(pool.take(6)).map { Optional($0) }
    for index in [5, 0, 1, 3] { pages[index] = nil }
    pool.releaseFree()
    #expect(memory.released == [0..<2, 3..<4, 5..<6] && pool.used == 2)
    pool.releaseFree()
    #expect(memory.released.count == 3)
    let again = try #require(pool.take(6))
    #expect(again.map(\.place) == [0, 1, 3, 5, 6, 7])
    withExtendedLifetime(pages) {}
  }

  @Test("a page holds the keys and values of 64 positions of all layers")
  func bytes() throws {
    let model = try configuration("gemma3")
    let elements = model.layers.map(\.attention).reduce(0) {
      $0 + 2 * $1.keyValueHeads * $1.headDimension
    }
    #expect(PagePool.pageBytes(model, .f16) == 64 * elements * 2)
    #expect(PagePool.pageBytes(model, .f32) == 64 * elements * 4)
  }
}
