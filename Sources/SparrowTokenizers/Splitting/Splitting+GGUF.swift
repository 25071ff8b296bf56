/// How GGUF's byte-level vocabularies cut text, by the names of `tokenizer.ggml.pre`.
struct GGUFPreTokenizer: Sendable {
  /// A hand-written rule; nil for the expressions, each of which cuts the pieces of the one before.
  var splitting: Splitting?
  var expressions: [String] = []
  /// Whether a word that is a token stays whole.
  var ignoresMerges = false
  /// What holds where the file does not say.
  var addsBOS = false
  /// Whether text is merged by characters, spaces written as U+2581.
  var isMarked = false

  init(_ splitting: Splitting) { self.splitting = splitting }
  init(_ expressions: String...) { self.expressions = expressions }

  func with(
    ignoresMerges: Bool = false, addsBOS: Bool = false, isMarked: Bool = false
  ) -> GGUFPreTokenizer {
    var copy = self
    copy.ignoresMerges = ignoresMerges
    copy.addsBOS = addsBOS
    copy.isMarked = isMarked
    return copy
  }

  /// The names known, in their order.
  static let names: [String] = groups.flatMap(\.names).sorted()

  static func named(_ name: String) -> GGUFPreTokenizer? {
    groups.first { $0.names.contains { $0.utf8.elementsEqual(name.utf8) } }?.rule
  }

  private static let contractions =
    "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
  private static let gpt2 =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)"
  /// The end of most expressions since GPT-4's.
  private static let ends = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
  private static let upper = "((?=[\\p{L}])([^a-z]))"
  private static let lower = "((?=[\\p{L}])([^A-Z]))"
  private static let marks = "!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~"

  /// Words of capitals and small letters, as GPT-4o's expression cuts them.
  private static func cased(
    _ upper: String, _ lower: String, tail: String, digits: String
  ) -> String {
    "[^\\r\\n\\p{L}\\p{N}]?\(upper)*\(lower)+\(tail)"
      + "|[^\\r\\n\\p{L}\\p{N}]?\(upper)+\(lower)*\(tail)"
      + "|\(digits)| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\(ends)"
  }

  private static func llama3(
    words: String = "\\p{L}+", digits: String = "\\p{N}", signs: String = "[\\r\\n]*",
    ends: String = ends, contractions: String = contractions + "|"
  ) -> String {
    "\(contractions)[^\\r\\n\\p{L}\\p{N}]?\(words)|\(digits)| ?[^\\s\\p{L}\\p{N}]+\(signs)|\(ends)"
  }

  private static let deepSeekWords =
    "[\(marks)][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+"
  private static let japanese = "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+"
  /// llama.cpp sees white space beyond ASCII as a control character here.
  private static let cjk = "[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}&&\\S]+"
  private static let sentenceMarks =
    " ?[^(\\s|.,!?\u{2026}\u{3002}\u{FF0C}\u{3001}\u{964}\u{6D4}\u{60C})]+"
  /// Numbers from their end in threes; what stands before the first is one piece with what leads.
  private static let numbers = "\\P{N}*\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))"
  private static let casedLower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
  private static let casedUpper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"

  private static let groups: [(names: [String], rule: GGUFPreTokenizer)] = [
    (
      ["default"],
      .init("[\\p{P}\\$\\+<=>\\^~\\|]+", gpt2, "\\p{N}+", "[0-9][0-9][0-9]")
    ),
    (
      [
        "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "gigachat",
        "a.x-4.0", "mellum", "modern-bert", "exaone4", "jina-es", "jina-de", "jina-v2-es",
        "jina-v2-de",
      ], .init(.gpt2(singleDigits: false))
    ),
    (
      [
        "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
        "mellum2",
      ], .init(.gpt2(singleDigits: true))
    ),
    (
      [
        "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
        "jina-v5-nano",
      ], .init(.llama3(digits: 3, marks: false)).with(ignoresMerges: true, addsBOS: true)
    ),
    (["dbrx", "smaug-bpe", "chatglm-bpe"], .init(.llama3(digits: 3, marks: false))),
    (["glm4", "glm5"], .init(.llama3(digits: 3, marks: false)).with(ignoresMerges: true)),
    (
      [
        "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "stablelm2", "megrez", "hunyuan",
        "solar-open", "grok-2",
      ], .init(.llama3(digits: 1, marks: false))
    ),
    (["qwen35"], .init(.llama3(digits: 1, marks: true))),
    (
      ["jais-2"],
      .init(
        llama3(
          digits: "\\p{N}{1,3}",
          ends: "\\s*[\\r\\n]+|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)"
            + "|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)|\\s{1,2}(?!\\S)|\\s{1}"))
    ),
    (
      ["falcon"], .init("[\\p{P}\\$\\+<=>\\^~\\|`]+", gpt2, "[0-9][0-9][0-9]")
    ),
    (
      ["deepseek-llm"],
      .init(
        "[\\r\\n]", "\\s?[\(deepSeekLetters)]+",
        "\\s?[!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}&&\\S]+",
        "\\s+$",
        cjk, "\\p{N}+")
    ),
    (
      ["deepseek-coder"],
      .init(
        "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", cjk, "\\p{N}")
    ),
    (
      ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
      .init("\\p{N}{1,3}", japanese, "\(deepSeekWords)[\\r\\n]*|\(ends)")
    ),
    (
      ["spark2_5"],
      .init(
        "\\p{N}{1,3}", japanese, "\(deepSeekWords)|[\\r\\n]|\\s+(?!\\S)|\\s+", "\\p{N}")
    ),
    (
      ["youtu"],
      .init(
        "[\u{AC00}-\u{D7A3}\u{3131}-\u{318E}]+"
          + "|[\u{FF01}\u{2026}\u{201C}\u{201D}\u{2018}\u{2019}\u{2014}"
          + "\u{FF1A}\u{FF1B}\u{FF0C}\u{3001}-\u{303F}"
          + "\u{FE30}-\u{FE4F}]+|[\u{3105}-\u{312F}]+|\(japanese)",
        cased(casedUpper, casedLower, tail: contractions + "?", digits: "\\p{N}")
      ).with(ignoresMerges: true)
    ),
    (["poro-chat", "bloom", "gpt3-finnish"], .init(sentenceMarks)),
    (["viking"], .init(sentenceMarks, "\\p{N}")),
    (
      ["tekken"],
      .init(cased(upper, lower, tail: "", digits: "\\p{N}"))
        .with(ignoresMerges: true, addsBOS: true)
    ),
    (
      ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
      .init(cased(upper, lower, tail: contractions + "?", digits: "\\p{N}{1,3}"))
    ),
    (
      ["tiny_aya", "cohere2moe"],
      .init(
        numbers,
        cased(casedUpper, casedLower, tail: contractions + "?", digits: "\\p{N}{1,3}"))
    ),
    (
      ["afmoe"],
      .init(
        numbers,
        "[\u{4E00}-\u{9FFF}\u{3400}-\u{4DBF}\u{8C48}-\u{FAFF}\u{3040}-\u{309F}\u{30A0}-\u{30FF}"
          + "\u{FF65}-\u{FF9F}\u{2F00}-\u{2FDF}\u{E40}-\u{E7F}\u{E80}-\u{EFF}\u{1780}-\u{17FF}"
          + "\u{1000}-\u{109F}\u{AA60}-\u{AA7F}\u{A9E0}-\u{A9FF}\u{AC00}-\u{D7AF}"
          + "\u{1100}-\u{11FF}]+", "\(deepSeekWords)[\\r\\n]*|\(ends)")
    ),
    (
      ["chameleon"],
      .init(
        "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )",
        "\\p{N}", "[\\p{P}!-/:-@\\[-`{-~]", gpt2
      ).with(addsBOS: true)
    ),
    (["superbpe"], .init("\\p{N}+", "(?=([0-9]{3})+(?![0-9]))")),
    (
      ["bailingmoe", "bailingmoe2", "llada-moe"],
      .init(
        llama3(
          ends: "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
          contractions: "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|"))
    ),
    (
      ["seed-coder"],
      .init(
        "\(contractions)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}"
          + "| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\(ends)"
      )
    ),
    (["ufakzeka"], .init(llama3(contractions: ""))),
    (["laguna"], .init("[^\\n]+|[\\n]+", llama3())),
    (
      ["exaone-moe"],
      .init(
        llama3(
          words: "(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+", signs: "[\\r\\n/]?",
          ends: "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"))
    ),
    (
      ["minicpm5"],
      .init("\\p{N}{1,3}", llama3(digits: "\\p{N}+")).with(ignoresMerges: true)
    ),
    (["gemma4"], .init("[^\\n]+|[\\n]+").with(addsBOS: true, isMarked: true)),
    (["sarvam-moe"], .init("[^\\n]+|[\\n]+").with(isMarked: true)),
  ]

  /// Letters of Latin, Greek, Cyrillic, Armenian, Georgian, Cherokee and their kin.
  private static let deepSeekLetters =
    "A-Za-z\u{B5}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1BA}\u{1BC}-\u{1BF}\u{1C4}-\u{293}"
    + "\u{295}-\u{2AF}\u{370}-\u{373}\u{376}\u{377}\u{37B}-\u{37D}\u{37F}\u{386}"
    + "\u{388}-\u{38A}\u{38C}\u{38E}-\u{3A1}\u{3A3}-\u{3F5}\u{3F7}-\u{481}\u{48A}-\u{52F}"
    + "\u{531}-\u{556}\u{10A0}-\u{10C5}\u{13A0}-\u{13F5}\u{13F8}-\u{13FD}\u{1C90}-\u{1CBA}"
    + "\u{1CBD}-\u{1CBF}\u{1D00}-\u{1D2B}\u{1D6B}-\u{1D77}\u{1D79}-\u{1D9A}"
    + "\u{1E00}-\u{1F15}\u{1F18}-\u{1F1D}\u{1F20}-\u{1F45}\u{1F48}-\u{1F4D}"
    + "\u{1F50}-\u{1F57}\u{1F59}\u{1F5B}\u{1F5D}\u{1F5F}-\u{1F7D}\u{1F80}-\u{1FB4}"
    + "\u{1FB6}-\u{1FBC}\u{1FBE}\u{1FC2}-\u{1FC4}\u{1FC6}-\u{1FCC}\u{1FD0}-\u{1FD3}"
    + "\u{1FD6}-\u{1FDB}\u{1FE0}-\u{1FEC}\u{1FF2}-\u{1FF4}\u{1FF6}-\u{1FFC}\u{2102}\u{2107}"
    + "\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}\u{2126}\u{2128}\u{212A}-\u{212D}"
    + "\u{212F}-\u{2134}\u{2139}\u{213C}-\u{213F}\u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}"
    + "\u{2C00}-\u{2C7B}\u{2C7E}-\u{2CE4}\u{2CEB}-\u{2CEE}\u{2CF2}\u{2CF3}\u{A640}-\u{A66D}"
    + "\u{A680}-\u{A69B}\u{A722}-\u{A76F}\u{A771}-\u{A787}\u{A78B}-\u{A78E}"
    + "\u{AB70}-\u{ABBF}\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}\u{FF21}-\u{FF3A}"
    + "\u{FF41}-\u{FF5A}\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}"
    + "\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}"
}
