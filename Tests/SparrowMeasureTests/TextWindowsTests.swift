import Sparrow
import SparrowCore
import SparrowTestModels
import SparrowTestSupport
import Testing

@testable import SparrowMeasure

@Suite struct TextWindowsTests {
  private let model: Model
  private let text = SparseModel.text
  private let tokens: [Int32]

  init() throws {
    model = try Model.load(Fixtures.path("models/llama3"), options: LoadOptions(threads: 1))
    tokens = model.tokenizer.encode(text, addSpecial: false, parseSpecial: false)
  }

  /// What a window begins with: nothing, where the model has no first token.
  private var first: [Int32] { model.tokenizer.addsBOS ? [model.tokenizer.bos!] : [] }

  @Test func scoredWindowsFollowEachOther() throws {
    let all = first + tokens
    let windows = try TextWindows(model, text: text, context: 20, limit: nil)
    #expect(windows.count == all.count / 20)
    for (index, window) in windows.enumerated() {
      let own = Array(all[index * 20..<(index + 1) * 20])
      #expect(window == first + own.dropFirst(first.count))
    }
    #expect(
      try Array(TextWindows(model, text: text, context: 20, limit: 3)) == windows.prefix(3) + [])
  }

  @Test func sampledWindowsLieAtEvenDistances() throws {
    let own = 16 - first.count
    let windows = try TextWindows(model, sampling: text, tokens: 5 * own, length: 16, minimum: 1)
    let available = tokens.count / own
    #expect(windows.count == 5)
    for (index, window) in windows.enumerated() {
      let start = available * index / 5 * own
      #expect(window == first + tokens[start..<start + own])
    }
  }

  @Test func ofALongTextExcerptsAreRead() throws {
    let long = String(repeating: text, count: 40)
    let windows = try TextWindows(model, sampling: long, tokens: 2000, length: 100, minimum: 2)
    #expect((2...20).contains(windows.count) && windows.allSatisfy { $0.count == 100 })
  }

  @Test func piecesComeFromAllWindows() {
    let windows: [[Int32]] = [[1, 2, 3, 4, 5, 6, 7], [11, 12, 13, 14, 15, 16]]
    func pieces(_ limit: Int) -> [[Int32]] {
      Array(TextWindows(model, pieces: windows, length: 3, limit: limit))
    }
    let all = pieces(9)
    let lead = first.count
    #expect(
      all.map { Array($0.dropFirst(lead)) }
        == [[1, 2, 3], [4, 5, 6], [11, 12, 13], [14, 15, 16]].map { Array($0.dropFirst(lead)) })
    #expect(all.allSatisfy { Array($0.prefix(lead)) == first })
    #expect(pieces(2) == [all[0], all[2]])
    #expect(pieces(0) == [all[0]])
  }

  @Test func shortTextsAreRefused() {
    for make in [
      { try TextWindows(model, text: "a b", context: 8, limit: nil) },
      { try TextWindows(model, text: text, context: 7, limit: nil) },
      { try TextWindows(model, text: text, context: 8, limit: 0) },
      { try TextWindows(model, sampling: "a", tokens: 100, length: 64, minimum: 2) },
      { try TextWindows(model, sampling: text, tokens: 100, length: 1, minimum: 2) },
      { try TextWindows(model, sampling: text, tokens: 0, length: 64, minimum: 2) },
    ] as [() throws -> TextWindows] {
      let error = #expect(throws: SparrowError.self) { try make() }
      #expect(error?.kind == .argument)
    }
  }
}
