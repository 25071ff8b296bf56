internal import SparrowCore
internal import SparrowFormats

extension AdapterFields {
  /// How a sketch keeps rows.
  func sketchCoding(_ name: String) throws(SparrowError) -> SketchCoding {
    let kind = try string(name)
    guard let coding = SketchCoding(rawValue: kind) else {
      throw unknown(name, kind, SketchCoding.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return coding
  }
}

extension SketchRows {
  /// Reads rows of whole blocks from the tensor `name`.
  init(_ coding: SketchCoding, tensors: Checkpoint, name: String) throws(SparrowError) {
    let bytes = try tensors.values(name, .u8, shape: [nil, nil], as: UInt8.self)
    let rowBytes = tensors[name]?.shape.last ?? 0
    guard let type = coding.type, rowBytes % type.blockBytes == 0 else {
      throw SparrowError(
        .malformed, file: tensors.path, field: name, found: "rows of \(rowBytes) bytes",
        expected: "whole blocks in \(coding.rawValue)")
    }
    self.init(
      coding: coding, directions: rowBytes / type.blockBytes * type.blockElements, bytes: bytes)
  }
}
