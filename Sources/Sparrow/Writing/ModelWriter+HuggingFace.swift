package import SparrowBlocks
package import SparrowCore
import SparrowFormats
import SparrowTokenizers
import SparrowTransformer

extension ModelWriter {
  private static let weights = "model.safetensors"

  /// The files of a folder that may belong to its tokenizer.
  static let tokenizerFiles = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "merges.txt", "tokenizer.model", "chat_template.jinja", "chat_template.json",
  ]

  /// What a folder has beside weights and configuration, taken over from a source that is such a
  /// folder.
  private static let sideFiles =
    tokenizerFiles + [
      "generation_config.json", "preprocessor_config.json", "processor_config.json",
    ]

  /// Writes a folder that transformers and Sparrow load: configuration, weights of one type,
  /// tokenizer.
  ///
  /// Expands and writes one tensor at a time; the folder appears whole or not at all, in place of
  /// an older one that holds nothing else. Throws `.argument` for a type that is not f32, f16 or
  /// bf16, `.unsupported` for what transformers' classes cannot hold, `.mismatch` for values of
  /// another count or outside `type`'s range, `.system` for what cannot be written, and what
  /// `values` and `progress` throw.
  package func writeHuggingFace(
    to folder: String, type: ElementType, values: Values,
    progress: Progress = .none
  ) throws(SparrowError) {
    guard [.f32, .f16, .bf16].contains(type) else {
      throw SparrowError(
        .argument, file: folder, field: "type", found: type.rawValue, expected: "f32, f16 or bf16")
    }
    let isCopy = checkpoint.kind == .huggingFace
    let files = isCopy ? try copiedFiles(type) : try convertedFiles(type)
    let tensors = isCopy ? source.storedTensors : try source.huggingFaceTensors()
    let target = try AtomicFolder(
      path: folder, names: Self.sideFiles + ["config.json", Self.weights])
    for (name, bytes) in files { try Files.write(bytes, to: target.temporary + "/" + name) }
    var writer = SafetensorsWriter()
    writer.annotate("format", "pt")
    var byName: [String: StoredTensor] = [:]
    for tensor in tensors {
      byName[tensor.name] = tensor
      try writer.announce(name: tensor.name, type: type, shape: tensor.shape)
    }
    for entry in isCopy ? source.otherTensors : [] {
      try writer.announce(name: entry.name, type: entry.type, shape: entry.shape)
    }
    var done = 0
    try writer.write(to: target.temporary + "/" + Self.weights) { name throws(SparrowError) in
      try progress.report(.init(done, of: tensors.count, .items("tensors")))
      guard let tensor = byName[name] else {
        return Array(checkpoint.bytes(of: checkpoint[name]!))
      }
      done += 1
      return try type.encode(tensor.elements(values), tensor: name)
    }
    try progress.report(.init(done, of: tensors.count, .items("tensors")))
    try target.commit()
  }

  /// The files of a folder as they are, but for the configuration's activation and element type.
  private func copiedFiles(_ type: ElementType) throws(SparrowError) -> [(String, [UInt8])] {
    var files = [("config.json", Self.text(try copiedConfiguration(type)))]
    for name in Self.sideFiles {
      guard let file = try checkpoint.file(named: name) else { continue }
      files.append((name, withExtendedLifetime(file) { Array(file.bytes) }))
    }
    return files
  }

  private func copiedConfiguration(_ type: ElementType) throws(SparrowError) -> JSON {
    guard var config = checkpoint.config else {
      throw SparrowError(
        .malformed, file: checkpoint.path, field: "config.json", found: "no such file")
    }
    let nested = config["text_config"]
    var model = nested ?? config
    if let changedActivation {
      let known = ["hidden_act", "hidden_activation", "activation_function"]
      let present = known.filter { model[$0] != nil }
      let own = configuration.huggingFaceActivationField
      for key in present.contains(own) ? present : present + [own] {
        model.set(key, .string(changedActivation.checkpointName))
      }
    }
    model.setElementType(type)
    if nested == nil { return model }
    config.set("text_config", model)
    config.setElementType(type)
    return config
  }

  /// What a GGUF file's metadata says, in the files of a folder.
  private func convertedFiles(_ type: ElementType) throws(SparrowError) -> [(String, [UInt8])] {
    let path = checkpoint.path
    let tokenizer = try checkpoint.tokenizer()
    let written = try HuggingFaceTokenizer(gguf: checkpoint.metadata!, file: path)
    var config = JSON.object(
      try configuration.huggingFaceConfig(
        hasBias: { source[WeightRole($0, layer: 0)] != nil }, file: path))
    var ids: [(key: String, value: JSON)] = []
    if let bos = tokenizer.bos { ids.append(("bos_token_id", .integer(Int(bos)))) }
    if let eos = tokenizer.eos { ids.append(("eos_token_id", .integer(Int(eos)))) }
    for (key, id) in ids { config.set(key, id) }
    config.setElementType(type)
    var generation = JSON.object(ids)
    let ends = try checkpoint.endTokens(tokenizer).sorted()
    if ends.count > 1 { generation.set("eos_token_id", .array(ends.map { .integer(Int($0)) })) }
    var tokenizerConfiguration = written.configuration
    tokenizerConfiguration.set("model_max_length", .integer(configuration.contextLength))
    return [
      ("config.json", Self.text(config)), ("generation_config.json", Self.text(generation)),
      ("tokenizer.json", Array(written.tokenizer.text().utf8)),
      ("tokenizer_config.json", Self.text(tokenizerConfiguration)),
    ]
  }

  private static func text(_ json: JSON) -> [UInt8] { Array((json.text(indent: 2) + "\n").utf8) }
}

extension JSON {
  /// Replaces a member of an object, or adds it.
  fileprivate mutating func set(_ key: String, _ value: JSON) {
    var members = self.members ?? []
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = value
    } else {
      members.append((key, value))
    }
    self = .object(members)
  }

  /// Names the type of the weights, under the name that all versions of transformers read.
  fileprivate mutating func setElementType(_ type: ElementType) {
    let name: JSON =
      switch type {
      case .f16: "float16"
      case .bf16: "bfloat16"
      default: "float32"
      }
    if self["dtype"] != nil { set("dtype", name) }
    set("torch_dtype", name)
  }
}
