#if Training
  import Testing

  /// Everything that runs MLX: one after the other, since its graphs belong to one thread.
  @Suite(.serialized) struct MLXTests {}
#endif
