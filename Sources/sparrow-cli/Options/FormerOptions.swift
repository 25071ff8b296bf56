import SparrowCore

/// Ways of calling the program that have another name now.
enum FormerOptions {
  /// By command: what an option is called now.
  private static let names: [String: [String: String]] = [
    "calibrate head": ["--groups": "--codes"],
    "calibrate networks": networks,
    "calibrate attention": attention,
    "generate": ["--maximum-tokens": "--max-tokens"],
    "chat": ["--maximum-tokens": "--max-tokens"],
    "demo": ["--tokens": "--max-tokens"],
    "pretrain": topK,
    "train topk": topK,
    "train predictors": ["--attention-target": "--target"],
  ]
  private static let networks = [
    "--neuron-sketch": "--sketch", "--neuron-rank": "--rank", "--group-size": "--groups",
    "--fetch": "--candidates-per-k",
  ]
  private static let attention = [
    "--attention-density": "--density", "--attention-target": "--target",
    "--attention-rank": "--rank",
  ]
  private static let topK = ["--candidates": "--candidates-per-k", "--sketch-rank": "--rank"]
  private static let parts = ["head", "networks", "attention", "inputs", "all"]

  /// The error for a call that was not understood because it is a former one; nil for others.
  static func error(_ arguments: [String]) -> SparrowError? {
    let command = Array(arguments.prefix { !$0.hasPrefix("-") }.prefix(2))
    let options = arguments.map { String($0.prefix { $0 != "=" }) }
    if command.first == "calibrate", !parts.contains(command.last ?? "") {
      return formerCalibration(options, arguments)
    }
    for length in 1...2 {
      let renamed = names[command.prefix(length).joined(separator: " ")] ?? [:]
      guard let old = options.first(where: { renamed[$0] != nil }) else { continue }
      return SparrowError(
        .argument, field: old, found: "an option of an older Sparrow", expected: renamed[old]!)
    }
    return nil
  }

  /// `sparrow calibrate MODEL --head …`, when one command made every part.
  private static func formerCalibration(
    _ options: [String], _ arguments: [String]
  ) -> SparrowError? {
    let method = options.firstIndex(of: "--method")
    let isTEAL = method.map { arguments[$0...].prefix(2).joined().hasSuffix("teal") } ?? false
    let wanted = [
      options.contains("--head") ? "head" : nil,
      method != nil ? isTEAL ? "inputs" : "networks" : nil,
      options.contains("--attention") ? "attention" : nil,
    ].compactMap { $0 }
    guard !wanted.isEmpty || options.contains(where: { !$0.hasPrefix("-") && $0 != "calibrate" })
    else { return nil }
    let commands =
      wanted == ["head", "networks"] ? ["all"] : wanted.isEmpty ? parts : wanted
    let renamed = networks.merging(attention) { first, _ in first }
    let others = options.filter { renamed[$0] != nil }.map { "\($0) is \(renamed[$0]!) there" }
    let calls = commands.map { "sparrow calibrate \($0) MODEL" }.joined(separator: ", ")
    return SparrowError(
      .argument, field: "calibrate", found: "no part to make sparse",
      expected: ([calls] + others).joined(separator: "; "))
  }
}
