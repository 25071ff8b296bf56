import SparrowCore
import SparrowTestPlans
import SparrowTestSupport
import Testing

/// Random tiny models of the families against transformers, as `Scripts/make_random_models.py`
/// makes them.
///
/// Off by default: set `SPARROW_MODELS` to their folder.
@Suite struct RandomModelTests {
  static let folder = environment("SPARROW_MODELS")

  @Test(.enabled(if: folder != nil), arguments: TestBackend.dense)
  func logitsEqualHuggingFace(backend: TestBackend) throws {
    let folder = try #require(Self.folder)
    for name in Files.names(in: folder).sorted() {
      let path = folder + "/" + name
      do {
        let expected = try Expected(folder: path)
        let own = try backend.open(path)
        for chunk in [1, 7, 32] {
          let found = try logits(own, expected.tokens, chunk: chunk)
          let worst = zip(found, expected.logits).map { abs($0 - $1) }.max() ?? .infinity
          #expect(worst < 1e-3, "\(name), \(chunk) at a time: worst difference \(worst)")
        }
      } catch { Issue.record("\(name): \(error)") }
    }
  }
}
