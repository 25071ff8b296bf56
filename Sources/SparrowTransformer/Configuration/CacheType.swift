/// How a sequence keeps its keys and values.
public enum CacheType: String, Sendable, CaseIterable, BitwiseCopyable {
  case f16
  /// Twice the memory and slower: for comparing with float32 references.
  case f32

  package var bytes: Int { self == .f16 ? 2 : 4 }
}
