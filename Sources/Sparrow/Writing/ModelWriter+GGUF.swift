package import SparrowBlocks
package import SparrowCore
import SparrowFormats
import SparrowTransformer

extension ModelWriter {
  /// Writes a GGUF file with the source's metadata: its element type changed, and its activation
  /// where the configuration's is another.
  ///
  /// Matrices get `type`, but f16 where their rows are no whole blocks of it; norms, biases and
  /// learned positions stay f32, as llama.cpp expects. Expands and writes one tensor at a time; the
  /// file appears whole or not at all. Throws `.argument` for a type that is not f32, f16, bf16 or
  /// q8_0, `.unsupported` for a source that is no GGUF file, else as `writeHuggingFace` does.
  package func writeGGUF(
    to path: String, type: ElementType, values: Values,
    progress: Progress = .none
  ) throws(SparrowError) {
    guard let fileType = Self.fileTypes[type] else {
      throw SparrowError(
        .argument, file: path, field: "type", found: type.rawValue,
        expected: "f32, f16, bf16 or q8_0")
    }
    var writer = try GGUFWriter(copying: checkpoint)
    writer.set("general.file_type", fileType)
    if let changedActivation {
      writer.set(
        configuration.architecture + ".hidden_activation", changedActivation.checkpointName)
    }
    var byName: [String: (StoredTensor, ElementType)] = [:]
    for tensor in source.storedTensors {
      byName[tensor.name] = (tensor, self.type(of: tensor, wanted: type))
    }
    for entry in checkpoint.tensors {
      let written = byName[entry.name]?.1 ?? entry.type
      try writer.announce(name: entry.name, type: written, shape: entry.shape)
    }
    var done = 0
    try writer.write(to: path) { name throws(SparrowError) in
      try progress.report(.init(done, of: checkpoint.tensors.count, .items("tensors")))
      done += 1
      guard let (tensor, type) = byName[name] else {
        return Array(checkpoint.bytes(of: checkpoint[name]!))
      }
      return try type.encode(tensor.elements(values), tensor: name)
    }
    try progress.report(.init(done, of: checkpoint.tensors.count, .items("tensors")))
  }

  /// llama.cpp's numbers for what most of a file's matrices are.
  private static let fileTypes: [ElementType: UInt32] = [.f32: 0, .f16: 1, .q8_0: 7, .bf16: 32]

  private func type(of tensor: StoredTensor, wanted: ElementType) -> ElementType {
    guard tensor.isMatrix, tensor.roles[0].kind != .positionEmbedding else { return .f32 }
    return tensor.shape[1] % wanted.blockElements == 0 ? wanted : .f16
  }
}
