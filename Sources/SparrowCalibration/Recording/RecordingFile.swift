public import SparrowCore

/// Where calibration keeps what it has recorded, so that a run that was stopped goes on where it
/// was.
///
/// A safetensors file beside the adapter to be; only a run over the same windows of text of the
/// same model, with the same options, goes on with it, and gives the same bits as an unbroken run.
public struct RecordingFile {
  private(set) var path: String
  /// `Checkpoint.contentHash()` of the model.
  public var modelHash: String
  /// Seconds of recording between two saves, at least; saving takes no more than a tenth of the
  /// time.
  public var interval = 30.0
  /// Gets a line for people where a file cannot be used or written: recording does not fail for it.
  public var note: (String) -> Void = { _ in }

  private static let suffix = ".safetensors"

  /// The recording that belongs to an adapter's folder.
  public init(adapter folder: String, modelHash: String) {
    var trimmed = folder
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    path = trimmed + ".recording" + Self.suffix
    self.modelHash = modelHash
  }

  /// The file of the layers of a later pass over the text; the first pass has the file itself.
  func part(_ index: Int) -> RecordingFile {
    guard index > 0 else { return self }
    var part = self
    part.path = path.dropLast(Self.suffix.count) + "-\(index)" + Self.suffix
    return part
  }

  /// Removes the files of all passes, once what they were for is done. Throws `.system` for one
  /// that stays.
  public func remove() throws(SparrowError) {
    try Files.remove(path)
    var index = 1
    while Files.isFile(part(index).path) {
      try Files.remove(part(index).path)
      index += 1
    }
  }
}
