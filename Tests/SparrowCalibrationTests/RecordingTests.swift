import Sparrow
import SparrowBlocks
import SparrowCore
import SparrowNumerics
import SparrowTestSupport
import Testing

@testable import SparrowCalibration

/// Recordings that are stopped and gone on with.
@Suite(.serialized) struct RecordingTests {
  static func pass(_ model: Model, text: String = VocabularyCalibrationTests.text) throws
    -> TextPass
  {
    TextPass(
      model, try StateRecorder(model, text: text, tokens: 400, window: 32, minimum: 2), samples: 12)
  }

  /// Everything that can be recorded of layers.
  static func recorders(
    _ pass: TextPass, layers: Range<Int>? = nil, lookahead: Bool = true
  ) -> [any WindowRecorder] {
    [
      LayerRecorder(pass, layers: layers) { _ in .activations(lookahead: lookahead) },
      AttentionRecorder(pass, layers: layers, lookahead: lookahead),
    ]
  }

  /// Keeps copies of all parts.
  private final class Copies: RecordVisitor {
    var parts: [String: [UInt8]] = [:]

    func visit(
      _ name: String, _ type: ElementType, shape: [Int], _ memory: UnsafeMutableRawBufferPointer
    ) throws(SparrowError) {
      parts[name] = Array(memory)
    }
  }

  /// All that was recorded, as bytes.
  static func bytes(_ recorders: [any WindowRecorder]) throws -> [String: [UInt8]] {
    let copies = Copies()
    for (index, recorder) in recorders.enumerated() {
      try recorder.visit(PrefixedVisitor(inner: copies, prefix: "\(index)."))
    }
    return copies.parts
  }

  static func unbroken(_ model: Model) throws -> [String: [UInt8]] {
    let pass = try pass(model)
    let recorders = recorders(pass)
    try pass.run(recorders, progress: .none)
    return try bytes(recorders)
  }

  /// Runs until `windows` are done, and leaves a file.
  static func stop(_ model: Model, _ file: RecordingFile, behind windows: Int) throws {
    let pass = try pass(model)
    let error = #expect(throws: SparrowError.self) {
      try pass.run(
        recorders(pass), file: file, progress: Progress { _ in pass.windows < windows })
    }
    #expect(error?.kind == .cancelled && pass.windows == windows)
  }

  /// The tenth window is held out: stopped behind the first, around that one, and before the last.
  @Test("goes on where it was stopped, to the same bits", arguments: ["llama3", "gpt2"])
  func resumes(name: String) throws {
    let model = try VocabularyCalibrationTests.model(name, threads: 1)
    let whole = try Self.unbroken(model)
    let count = try Self.pass(model).text.count
    #expect(count == 12)
    for windows in [1, 9, 10, count - 1] {
      let folder = try TemporaryFolder()
      let file = RecordingFile(adapter: folder.file("a/"), modelHash: "m")
      try Self.stop(model, file, behind: windows)
      #expect(folder.names == ["a.recording.safetensors"])
      let pass = try Self.pass(model)
      let recorders = Self.recorders(pass)
      try pass.run(recorders, file: file, progress: .none)
      #expect(pass.resumedWindows == windows)
      #expect(pass.label.contains("resumed at \(windows) of \(count) windows"))
      #expect(try Self.bytes(recorders) == whole)
      try file.remove()
      #expect(folder.names.isEmpty)
    }
  }

  /// But for what a layer foretells of the first of some, which is there for the next one.
  @Test("some layers' records are those of a pass that sees all")
  func someLayers() throws {
    let model = try VocabularyCalibrationTests.model("gpt2", threads: 1)
    let pass = try Self.pass(model)
    let last = model.configuration.layers.count - 1
    let some = Self.recorders(pass, layers: last - 1..<last + 1)
    try pass.run(some, progress: .none)
    let whole = try Self.unbroken(model)
    let parts = try Self.bytes(some).filter { !$0.key.contains(".\(last - 1).cross") }
    #expect(parts.count > 20)
    for (name, bytes) in parts { #expect(whole[name] == bytes, "\(name)") }
  }

  enum Fault: String, CaseIterable {
    case model, text, options, bit, cut, noFile
  }

  @Test("a file that does not fit is noted, and recording begins anew", arguments: Fault.allCases)
  func refuses(fault: Fault) throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let folder = try TemporaryFolder()
    var file = RecordingFile(adapter: folder.file("a"), modelHash: "m")
    try Self.stop(model, file, behind: 5)
    let name = "a.recording.safetensors"
    var bytes = try folder.read(name)
    var text = VocabularyCalibrationTests.text
    switch fault {
    case .model: file.modelHash = "n"
    case .text: text = FeedForwardCalibrationTests.otherText
    case .options: break
    case .bit: bytes[bytes.count - 100] ^= 1
    case .cut: bytes.removeLast(1000)
    case .noFile: bytes = Array("{}".utf8)
    }
    try folder.write(name, bytes)
    var notes: [String] = []
    file.note = { notes.append($0) }
    let passes = [try Self.pass(model, text: text), try Self.pass(model, text: text)]
    let recorders = passes.map { Self.recorders($0, lookahead: fault != .options) }
    try passes[0].run(recorders[0], progress: .none)
    try passes[1].run(recorders[1], file: file, progress: .none)
    #expect(passes[1].resumedWindows == 0 && passes[1].label == "recording activations")
    #expect(try Self.bytes(recorders[0]) == Self.bytes(recorders[1]))
    #expect(notes.count == 1 && notes[0].contains(name), "\(notes)")
    #expect(notes.first?.hasSuffix("recording from the start") == true)
  }

  @Test func savesFromTimeToTime() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let folder = try TemporaryFolder()
    var file = RecordingFile(adapter: folder.file("new/folder/a"), modelHash: "m")
    file.interval = 0
    let pass = try Self.pass(model)
    try pass.run(Self.recorders(pass), file: file, progress: .none)
    #expect(folder.names == ["new"])
    #expect(isFolder(file.path) == false)
  }

  @Test func recordsWithoutAPlaceForItsFile() throws {
    let model = try VocabularyCalibrationTests.model("llama3", threads: 1)
    let folder = try TemporaryFolder()
    try folder.write("a", "no folder")
    var file = RecordingFile(adapter: folder.file("a/b"), modelHash: "m")
    file.interval = 0
    var notes = 0
    file.note = { _ in notes += 1 }
    let pass = try Self.pass(model)
    let recorders = Self.recorders(pass)
    try pass.run(recorders, file: file, progress: .none)
    #expect(notes > 0)
    #expect(try Self.bytes(recorders) == Self.unbroken(model))
  }
}
