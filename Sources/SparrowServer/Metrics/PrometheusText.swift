/// Figures in Prometheus' text format (version 0.0.4).
struct PrometheusText {
  private(set) var text = ""

  /// Begins a family of figures: a name after `sparrow_`, what kind it is, what it says.
  mutating func family(_ name: String, _ kind: String, _ help: String) {
    text += "# HELP sparrow_\(name) \(help)\n# TYPE sparrow_\(name) \(kind)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let inner = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    let whole = Int(exactly: value).map { "\($0)" } ?? "\(value)"
    text += "sparrow_" + name + (inner.isEmpty ? "" : "{" + inner + "}") + " " + whole + "\n"
  }

  /// A family of one figure.
  mutating func figure(_ name: String, _ kind: String, _ help: String, _ value: Double) {
    family(name, kind, help)
    sample(name, [], value)
  }

  private static func escaped(_ text: String) -> String {
    var escaped = JSONBytes()
    escaped.escaped(text)
    return String(decoding: escaped.bytes, as: UTF8.self)
  }
}
