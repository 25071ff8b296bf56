internal import CSparrowKernels
internal import SparrowCore

/// The processors: what they are called and can do, and how many this process may use.
struct ProcessorFacts {
  var model: String
  /// Those of `interesting` that the processors have.
  var instructions: [String]
  /// The instruction set that the kernels use.
  var kernels: String
  /// Processors that are switched on; nil where nothing says so.
  var online: Int?
  var allowance: ProcessorAllowance
  /// Of the last minute: how many threads wanted to run.
  var load: Double?

  init(root: String = "", allowance: ProcessorAllowance) {
    let information = Files.textOfUnknownSize(root + "/proc/cpuinfo", limit: 1 << 24) ?? ""
    let fields = Self.firstProcessor(information)
    // Arm's kernels tell numbers instead of names.
    model =
      fields["model name"] ?? fields["Model"]
      ?? fields["CPU part"].map { "implementer \(fields["CPU implementer"] ?? "?"), part \($0)" }
      ?? "unknown processor"
    let flags = Set((fields["flags"] ?? fields["Features"] ?? "").split(separator: " "))
    instructions = Self.interesting.filter { flags.contains(Substring($0)) }
    kernels = String(cString: sk_isa())
    online = Self.count(
      list: Files.textOfUnknownSize(root + "/sys/devices/system/cpu/online") ?? "")
    self.allowance = allowance
    load = Files.textOfUnknownSize(root + "/proc/loadavg")?.split(separator: " ").first
      .flatMap { Double($0) }.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
  }

  /// What the kernels use, or could, as Linux calls it.
  private static let interesting = [
    "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16", "sha_ni", "asimd",
    "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2", "sha2",
  ]

  /// The lines `name : value` of the first processor.
  static func firstProcessor(_ information: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in information.split(separator: "\n", maxSplits: 400) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = line[..<colon].trimmed
      if fields[name] == nil { fields[name] = line[line.index(after: colon)...].trimmed }
    }
    return fields
  }

  /// How many numbers a list such as `0-3,8` names; nil for anything else.
  static func count(list: String) -> Int? {
    var count = 0
    for part in list.trimmed.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first <= last
      else { return nil }
      count += Int(last - first) + 1
    }
    return count
  }

  var findings: [Finding] {
    let quota = allowance.quota.map { "a quota of \(Quantity.fixed($0, 2))" } ?? "no quota"
    let all = online.map { "\(allowance.affinity) of \($0)" } ?? "\(allowance.affinity)"
    return [
      Finding("processor", model, .string(model)),
      Finding(
        "instructions",
        (instructions.isEmpty ? "unknown" : instructions.joined(separator: " "))
          + "; kernels use \(kernels)",
        [
          "available": .array(instructions.map(JSON.string)), "kernels": .string(kernels),
        ], kernels == "scalar" ? .missing : .fine,
        advice: kernels == "scalar"
          ? "decoding is slow: kernels want AVX2 with FMA and F16C, AVX-512 with VNNI, or Armv8.2's"
            + " dot products" : ""),
      Finding(
        "cores",
        "\(all) allowed, \(quota): \(allowance.threads) "
          + (allowance.threads == 1 ? "thread" : "threads")
          + (load.map { "; load \(Quantity.fixed($0, 2))" } ?? ""),
        [
          "online": online.map(JSON.integer) ?? .null, "allowed": .integer(allowance.affinity),
          "quota": allowance.quota.map(JSON.number) ?? .null,
          "threads": .integer(allowance.threads), "load": load.map(JSON.number) ?? .null,
        ]),
    ]
  }
}

extension StringProtocol {
  /// Without white space at both ends.
  var trimmed: String {
    var text = Substring(self)
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
