public import SparrowCore

/// What this machine gives, what is missing, and how to get it: what `sparrow doctor` prints.
///
/// People paste it into reports, so that it holds no names of users or hosts and no paths but the
/// cache's, with the home folder written as `~`. Nothing here throws: what cannot be found out is
/// said to be unknown.
public struct Checkup: Sendable {
  public var findings: [Finding]

  /// Looks at everything; takes up to two seconds. `root` stands in for `/` in tests.
  public static func run(
    environment: [String: String] = processEnvironment(), root: String = ""
  ) -> Checkup {
    let groups = ControlGroups(root: root)
    let allowance = ProcessorAllowance.current()
    let memory = MemoryFacts(root: root, groups: groups)
    var findings = SystemFacts(root: root).findings
    findings += ProcessorFacts(root: root, allowance: allowance).findings
    findings += memory.findings
    findings.append(ReadSpeed.measure(threads: allowance.threads, memory: memory).finding)
    findings.append(CacheFacts(environment: environment).finding)
    findings += ProgramFacts(environment: environment).findings
    findings.append(GraphicsFacts(root: root).finding)
    return Checkup(findings: findings)
  }

  /// NVIDIA's driver found a device.
  public var hasDevice: Bool {
    findings.contains { $0.name == "cuda" && !($0.value["devices"]?.array ?? []).isEmpty }
  }

  /// False when something is broken that Sparrow cannot work without.
  public var isWell: Bool { !findings.contains { $0.state == .broken } }

  public var json: JSON {
    func advice(_ state: Finding.State) -> JSON {
      .object(findings.filter { $0.state == state }.map { ($0.name, .string($0.advice)) })
    }
    return .object(
      findings.map { ($0.name, $0.value) }
        + [("missing", advice(.missing)), ("broken", advice(.broken))])
  }

  /// A line a finding and a line of advice below where there is any; `isPretty` marks the states
  /// with signs and colours, for a terminal.
  public func text(isPretty: Bool) -> String {
    let width = (findings.map(\.name.count).max() ?? 0) + 2
    return findings.reduce("") { text, finding in
      let mark = isPretty ? finding.state.sign + " " : ""
      let gap = String(repeating: " ", count: width - finding.name.count)
      var lines = mark + finding.name + gap + finding.text + "\n"
      if !finding.advice.isEmpty {
        let indent = String(repeating: " ", count: width + (isPretty ? 2 : 0))
        lines += indent + finding.advice + "\n"
      }
      return text + lines
    }
  }
}

extension Finding.State {
  /// A sign in its colour.
  fileprivate var sign: String {
    switch self {
    case .fine: "\u{1B}[32m✓\u{1B}[0m"
    case .missing: "\u{1B}[33m–\u{1B}[0m"
    case .broken: "\u{1B}[31m✗\u{1B}[0m"
    }
  }
}
