public import SparrowCore

/// Where calibration keeps what it has recorded, so that a run that was stopped goes on where it was.
///
/// A safetensors file beside the adapter to be; only a run over the same windows of text of the same model, with
/// the same options, goes on with it, and gives the same bits as an unbroken run.
public struct RecordingFile {
  public var path: String
  /// `Checkpoint.contentHash()` of the model.
  public var modelHash: String
  /// Seconds of recording between two saves, at least; saving takes no more than a tenth of the time.
  public var interval = 30.0
  /// Gets a line for people where a file cannot be used or written: recording does not fail for it.
  public var note: (String) -> Void = { _ in }

  /// The recording that belongs to an adapter's folder.
  public init(adapter folder: String, modelHash: String) {
    var trimmed = folder
    while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    path = trimmed + ".recording.safetensors"
    self.modelHash = modelHash
  }

  /// Removes the file, once what it was for is done. Throws `.system` for one that stays.
  public func remove() throws(SparrowError) { try Files.remove(path) }
}
