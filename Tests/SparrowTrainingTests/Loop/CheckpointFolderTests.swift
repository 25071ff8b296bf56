import SparrowCore
import SparrowTestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@testable import SparrowTraining

@Suite struct CheckpointFolderTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("run/checkpoints")
  }

  private static func fill(_ folder: String) throws(SparrowError) {
    try Files.makeFolder(folder + "/optimiser")
    try Files.write(Array("weights".utf8), to: folder + "/model.safetensors")
    try Files.write(Array("moments".utf8), to: folder + "/optimiser/moments")
  }

  @Test func theNewestTwoAreKept() throws {
    let checkpoints = try CheckpointFolder(path: path)
    #expect(checkpoints.latest == nil)
    for step in [5, 90, 100, 123_456_789] { try checkpoints.save(step: step, Self.fill) }
    #expect(Files.names(in: path) == ["step-00000100", "step-123456789"])
    let latest = try #require(try CheckpointFolder(path: path).latest)
    #expect(latest.step == 123_456_789)
    #expect(Files.allFiles(under: latest.path) == ["model.safetensors", "optimiser/moments"])
  }

  @Test func aStepSavedAgainTakesThePlaceOfItsOldSelf() throws {
    let checkpoints = try CheckpointFolder(path: path)
    try checkpoints.save(step: 7, Self.fill)
    try checkpoints.save(step: 7) { folder throws(SparrowError) in
      try Files.write([1], to: folder + "/other")
    }
    #expect(Files.allFiles(under: path) == ["step-00000007/other"])
  }

  @Test func anotherRunsCheckpointsAreNotMixedWith() throws {
    let checkpoints = try CheckpointFolder(path: path)
    try checkpoints.save(step: 100, Self.fill)
    let error = #expect(throws: SparrowError.self) { try checkpoints.save(step: 50, Self.fill) }
    #expect(error?.kind == .mismatch && checkpoints.latest?.step == 100)
  }

  @Test func aFailedSaveLeavesTheLastOneWholeAndNothingElse() throws {
    let checkpoints = try CheckpointFolder(path: path)
    try checkpoints.save(step: 1, Self.fill)
    let error = #expect(throws: SparrowError.self) {
      try checkpoints.save(step: 2) { folder throws(SparrowError) in
        try Self.fill(folder)
        throw SparrowError(.system, file: folder, found: "No space left on device")
      }
    }
    #expect(
      error?.description
        == "\(path)/step-00000002: not saved: No space left on device; expected room for a "
        + "checkpoint in a folder to write to; the checkpoint of step 1 is whole")
    #expect(Files.names(in: path) == ["step-00000001"])
    let other = #expect(throws: SparrowError.self) {
      try checkpoints.save(step: 2) { _ throws(SparrowError) in
        throw SparrowError(.cancelled, found: "stopped")
      }
    }
    #expect(other?.kind == .cancelled)
  }

  @Test func aKilledSaveIsClearedByTheNextStart() async throws {
    try CheckpointFolder(path: path).save(step: 1, Self.fill)
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String] in
      try CheckpointFolder(path: path).save(step: 2) { folder throws(SparrowError) in
        try Self.fill(folder)
        kill(getpid(), SIGKILL)
      }
    }
    #expect(Files.names(in: path).count == 2)
    let checkpoints = try CheckpointFolder(path: path)
    #expect(checkpoints.latest?.step == 1 && Files.names(in: path) == ["step-00000001"])
  }

  @Test func onlyLeftoversOfSavesAreCleared() throws {
    try Files.makeFolder(path + "/step-00000003.12-34.partial/inner")
    try Files.makeFolder(path + "/step-00000004.old")
    for name in ["notes", "step-best", "mine.partial", "step-00000009"] {
      try Files.makeFolder(path + "/" + name)
    }
    try Files.write([], to: path + "/step-00000010")
    let checkpoints = try CheckpointFolder(path: path)
    #expect(
      Files.names(in: path) == [
        "mine.partial", "notes", "step-00000009", "step-00000010", "step-best",
      ])
    #expect(checkpoints.latest?.step == 9)
  }
}
