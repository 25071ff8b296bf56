internal import SparrowBlocks
internal import SparrowCore

/// ggml's numbers for tensor types.
enum GGUFTensorType {
  private static let names: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1",
    10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS",
    17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS",
    24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0",
    35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
  ]

  private static let supported: [UInt32: ElementType] = ElementType.allCases.reduce(into: [:]) {
    if let number = $1.ggmlNumber { $0[number] = $1 }
  }

  /// The element type behind ggml's number; throws `.unsupported` naming it and the types there
  /// are.
  static func elementType(
    _ number: UInt32, file: String, tensor: String
  ) throws(SparrowError) -> ElementType {
    if let type = supported[number] { return type }
    let known = supported.keys.sorted().compactMap { names[$0] }.joined(separator: ", ")
    throw SparrowError(
      names[number] == nil ? .malformed : .unsupported, file: file,
      field: "tensor " + tensor.quoted,
      found: names[number].map { "\($0) is not supported" } ?? "unknown tensor type \(number)",
      expected: "one of " + known)
  }
}
