internal import SparrowCore
internal import SparrowHub

/// Other programs that parts of Sparrow start.
struct ProgramFacts {
  /// Versions; nil where the program is not on the path, empty where it does not tell its version.
  var curl: String?
  var python: String?
  var pip: String?
  var mpirun: String?

  /// Starts each once; one that does not answer within five seconds counts as not there.
  init(environment: [String: String]) {
    func ask(_ arguments: String...) -> String? {
      let start = monotonicSeconds()
      let outcome = try? Subprocess(arguments: arguments, environment: environment).run {
        _ throws(SparrowError) in
        if monotonicSeconds() - start > 5 { throw SparrowError(.cancelled, found: arguments[0]) }
      }
      guard let outcome, outcome.status == 0 else { return nil }
      return Self.version(outcome.outputText)
    }
    curl = ask("curl", "--version")
    python = ask("python3", "--version")
    pip = python == nil ? nil : ask("python3", "-m", "pip", "--version")
    mpirun = ask("mpirun", "--version")
  }

  /// The first word that begins with a digit: of `curl 8.5.0 (x86_64)`, `8.5.0`.
  static func version(_ text: String) -> String {
    for line in text.split(whereSeparator: \.isNewline).prefix(3) {
      let words = line.split(whereSeparator: { $0.isWhitespace || $0 == "(" || $0 == "," })
      if let version = words.first(where: { $0.first?.isASCII == true && $0.first!.isNumber }) {
        return String(version)
      }
    }
    return ""
  }

  private static func finding(
    _ name: String, _ version: String?, _ text: String = "", without advice: String
  ) -> Finding {
    guard let version else { return Finding(name, "not found", .null, .missing, advice: advice) }
    let said = version.isEmpty ? "version unknown" : version
    return Finding(name, said + text, .string(version))
  }

  var findings: [Finding] {
    [
      Self.finding(
        "curl", curl,
        without: "sparrow pull needs it for all but pypi: names; apt or dnf install curl"),
      Self.finding(
        "python", python,
        without: "sparrow pull pypi:… needs it; apt or dnf install python3 python3-pip"),
      Self.finding(
        "pip", pip,
        without: "sparrow pull pypi:… needs it; python3 -m ensurepip, or apt or dnf install "
          + "python3-pip"),
      Self.finding(
        "mpirun", mpirun,
        without: "only training in several processes needs it; apt install openmpi-bin, "
          + "dnf install openmpi"),
    ]
  }
}
