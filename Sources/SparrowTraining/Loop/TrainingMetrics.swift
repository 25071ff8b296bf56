package import SparrowCore

/// The metrics file of a run: one line of JSON a step, with the system as soon as it is appended.
package struct TrainingMetrics: ~Copyable {
  package let path: String
  private var file: AppendingFile

  /// Begins a file, or goes on with one: lines of steps after `resumedAfter` are cut, and a last
  /// line that a killed process left half-written.
  ///
  /// A run that begins (nil) drops what an older one left. Throws `.system` when the file cannot be
  /// written, `.malformed`, naming the line, for a file that holds something else.
  package init(path: String, resumedAfter step: Int? = nil) throws(SparrowError) {
    var kept: [UInt8] = []
    if let step, Files.isFile(path) {
      for record in try Self.read(path) where record.step <= step { kept += Self.line(record) }
    }
    var start = try AtomicFile(path: path)
    try start.write(kept)
    try start.commit()
    file = try AppendingFile(path: path)
    self.path = path
  }

  /// Appends a step's line; throws `.system` on a full disk.
  package mutating func append(_ step: TrainingStep) throws(SparrowError) {
    try file.write(Self.line(step))
  }

  /// The steps of a file, but for a last line without an end. Throws `.system` and `.malformed`.
  package static func read(_ path: String) throws(SparrowError) -> [TrainingStep] {
    let file = try MappedFile(path: path)
    defer { withExtendedLifetime(file) {} }
    var steps: [TrainingStep] = []
    let lines = TextLines(file.bytes)
    for line in lines where line.isEnded {
      guard let json = try lines.json(line, file: path) else { continue }
      guard let step = TrainingStep(json: json) else {
        throw SparrowError(
          .malformed, file: path, field: "line \(line.number)",
          found: String(json.text().prefix(40)),
          expected: "an object with step and loss")
      }
      steps.append(step)
    }
    return steps
  }

  private static func line(_ step: TrainingStep) -> [UInt8] {
    Array((step.json.text() + "\n").utf8)
  }
}
