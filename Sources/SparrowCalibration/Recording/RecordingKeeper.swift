internal import SparrowCore
internal import SparrowFormats
internal import SparrowNumerics

/// Writes a pass's records to its file from time to time, and reads them back.
final class RecordingKeeper {
  private let file: RecordingFile
  private let pass: TextPass
  private let recorders: [any WindowRecorder]
  /// Seconds: when the last save ended, and how long it took.
  private var saved = monotonicSeconds()
  private var cost = 0.0

  /// Of the file's form.
  private static let version = 1
  private static let annotation = "sparrow.recording"

  init(_ file: RecordingFile, pass: TextPass, _ recorders: [any WindowRecorder]) {
    self.file = file
    self.pass = pass
    self.recorders = recorders
  }

  /// Goes on where the file's run stopped. Whatever is wrong with a file there is noted, and the
  /// pass begins anew.
  func restore() {
    guard Files.isFile(file.path) else { return }
    do throws(SparrowError) {
      try read()
    } catch {
      pass.skip(to: 0)
      file.note("\(error); recording from the start")
    }
  }

  /// Saves when it is time to, and when the pass stops here.
  func save(isLast: Bool) {
    let start = monotonicSeconds()
    guard isLast || start - saved >= max(file.interval, 9 * cost) else { return }
    do throws(SparrowError) {
      try write()
    } catch {
      file.note("\(error); going on without keeping what is recorded")
    }
    saved = monotonicSeconds()
    cost = saved - start
  }

  /// What must agree for a run to go on with a file.
  private var identity: [(key: String, value: JSON)] {
    [
      ("version", .integer(Self.version)), ("model", .string(file.modelHash)),
      ("text", .string(pass.text.digest)), ("samples", .integer(pass.samples)),
      ("recorded", .array(recorders.map { .string($0.recorded) })),
    ]
  }

  private func write() throws(SparrowError) {
    let writer = RecordWriter()
    var done = pass.windows
    try writer.visit("windows", &done)
    try visitRecords(writer)
    func bytes(_ name: String) throws(SparrowError) -> [UInt8] {
      let picker = RecordPicker(name)
      try picker.visit("windows", &done)
      try visitRecords(picker)
      return picker.bytes
    }
    let hash = try writer.file.contentHash(bytes: bytes)
    let identity = identity + [("sha256", .string(hash))]
    writer.file.annotate(Self.annotation, JSON.object(identity).text())
    if let slash = file.path.lastIndex(of: "/"), slash > file.path.startIndex {
      try Files.makeFolder(String(file.path[..<slash]))
    }
    try writer.file.write(to: file.path, bytes: bytes)
  }

  private func read() throws(SparrowError) {
    let checkpoint = try Checkpoint.open(file.path)
    let text = checkpoint.annotations.first { $0.key == Self.annotation }?.value
    guard let text else { throw refuse("no recording", "one of sparrow calibrate") }
    let found = try JSON.parse(Array(text.utf8), file: file.path)
    for (key, value) in identity where found[key]?.text() != value.text() {
      throw SparrowError(
        .mismatch, file: file.path, field: key, found: "a recording of another \(key)",
        expected: "this run's")
    }
    guard found["sha256"]?.string == checkpoint.contentHash() else {
      throw refuse("damaged tensors", "those that were written")
    }
    var done = 0
    try RecordReader(checkpoint, copies: true).visit("windows", &done)
    guard (1...pass.text.count).contains(done) else {
      throw refuse("\(done) windows", "1 to \(pass.text.count)")
    }
    pass.skip(to: done)
    // All of it fits before any of it is taken.
    for copies in [false, true] {
      try visitRecords(RecordReader(checkpoint, copies: copies))
    }
  }

  private func visitRecords(_ visitor: some RecordVisitor) throws(SparrowError) {
    for (index, recorder) in recorders.enumerated() {
      try recorder.visit(PrefixedVisitor(inner: visitor, prefix: "\(index)."))
    }
  }

  private func refuse(_ found: String, _ expected: String) -> SparrowError {
    SparrowError(.malformed, file: file.path, found: found, expected: expected)
  }
}
