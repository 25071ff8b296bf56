/// Something that was found out about a device, for `sparrow doctor`.
public struct DeviceFinding: Sendable, Equatable {
  /// A word or two.
  public let name: String
  /// What was found, for people; of what is not right, with what to do about it.
  public let text: String
  /// False for what has to be mended before the device is used.
  public let isRight: Bool
}

extension Device {
  /// Looks at a device: what it is, how fast it reads, and whether it computes tiny models of every
  /// kind, and the models of these files or folders, as the reference lowering does.
  ///
  /// Takes some seconds; nothing of the processor, which is right by the program's own tests.
  public func findings(models: [String] = [], threads: Int = 1) -> [DeviceFinding] {
    BackendChoice.findings(self, models: models, threads: threads)
  }
}
