/// How one operation of a program is printed: name, buffers, megabytes of weights, a note.
struct OperationLine {
  var name: String
  var flow: String
  /// Bytes that it reads for one token; nil if unknown.
  var bytes: Int?
  /// Bytes that its dense form reads, where it reads but a part of them.
  var denseBytes: Int?
  var note: String

  init(
    _ name: String, _ flow: String, _ bytes: Int? = 0, of denseBytes: Int? = nil, note: String = ""
  ) {
    self.name = name
    self.flow = flow
    self.bytes = bytes
    self.denseBytes = denseBytes
    self.note = note
  }

  var text: String {
    var text = name.padded(12) + flow
    if !amount.isEmpty { text = text.padded(36) + amount }
    return note.isEmpty ? text : text.padded(55) + note
  }

  /// Empty for nothing, or less than is worth a digit.
  private var amount: String {
    guard let denseBytes else { return bytes.flatMap(Self.hundredths) ?? "" }
    guard let whole = Self.hundredths(denseBytes) else { return "" }
    guard let bytes else { return "part of \(whole)" }
    return "\(Self.hundredths(bytes)?.dropLast(3) ?? "0.00") of \(whole)"
  }

  /// `1.38 MB`; nil below half a hundredth.
  private static func hundredths(_ bytes: Int) -> String? {
    let hundredths = (bytes + 5000) / 10_000
    guard hundredths > 0 else { return nil }
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) MB"
  }
}

extension String {
  func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
