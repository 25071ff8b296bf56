internal import SparrowCore

/// What the path of a GGUF file in a repository says of it.
struct GGUFName {
  /// Without `.gguf` and a part's numbers, folders included: what all parts of a split file share.
  let stem: String
  /// Which part of a split file it is; nil for a file of its own.
  let split: SplitName?

  /// Nil for files of another kind.
  init?(_ path: String) {
    guard path.lowercased().hasSuffix(Self.suffix) else { return nil }
    split = SplitName(path, suffix: Self.suffix)
    stem = split?.stem ?? String(path.dropLast(Self.suffix.count))
  }

  static let suffix = ".gguf"

  /// False for what lies beside models: projectors of pictures, and importance matrices.
  ///
  /// A model that was quantised by such a matrix may name it too, but also names its quantisation.
  var isModel: Bool {
    if stem.lowercased().contains("mmproj") { return false }
    let name = stem.lastComponent.lowercased()
    return !name.contains("imatrix") || name.words.contains(where: Self.isQuantisation)
  }

  /// How well `tag` names this file: 2 as its quantisation, 1 as one with Unsloth's mark of mixed
  /// types (`UD-`) before it, 0 not at all.
  ///
  /// A tag is whole words of the file's name or a folder's: `m-Q4_K_M` has Q4_K_M, not Q4_K.
  func fit(_ tag: String) -> Int {
    let tag = Self.normalised(tag)
    guard !tag.isEmpty else { return 0 }
    let name = Array(Self.normalised(stem).utf8)
    let wanted = Array(tag.utf8)
    guard name.count >= wanted.count else { return 0 }
    var best = 0
    for start in 0...(name.count - wanted.count)
    where name[start..<(start + wanted.count)].elementsEqual(wanted) {
      let before = name[..<start]
      let after = name[(start + wanted.count)...]
      guard Self.isMark(before.last, orUnderscore: Self.isQuantisation(tag)),
        Self.isMark(after.first, orUnderscore: false)
      else { continue }
      let word = before.dropLast().split { "-./_".utf8.contains($0) }.last
      best = max(best, word.map { $0.elementsEqual("ud".utf8) } == true ? 1 : 2)
    }
    return best
  }

  /// In lower case, without `.gguf`, floats named as llama.cpp does: `FP16` is `f16`.
  private static func normalised(_ text: String) -> String {
    let lower = text.lowercased()
    let bare = lower.hasSuffix(suffix) ? String(lower.dropLast(suffix.count)) : lower
    return bare.components(separatedBy: "fp16").joined(separator: "f16")
      .components(separatedBy: "fp32").joined(separator: "f32")
  }

  /// True for `q4_k_m`, `iq4_xs`, `tq1_0`, `bf16`, `f16`, `mxfp4_moe`, with `ud-` before it or not.
  private static func isQuantisation(_ word: String) -> Bool {
    let letters = word.removingPrefix("ud-") ?? word
    return ["q", "iq", "tq", "f", "bf", "fp", "mxfp", "nvfp"].contains { prefix in
      letters.removingPrefix(prefix)?.first?.isNumber == true
    }
  }

  private static func isMark(_ byte: UInt8?, orUnderscore: Bool) -> Bool {
    guard let byte else { return true }
    return "-./".utf8.contains(byte) || (orUnderscore && byte == UInt8(ascii: "_"))
  }
}

extension String {
  /// Runs of letters, digits and `_`.
  fileprivate var words: [String] { split { "-. ".contains($0) }.map(String.init) }
}
