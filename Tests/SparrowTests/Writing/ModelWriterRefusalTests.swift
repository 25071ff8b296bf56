import SparrowCore
import SparrowFormats
import SparrowTestSupport
import SparrowTransformer
import Testing

@testable import Sparrow

/// What cannot be written throws and leaves nothing.
@Suite struct ModelWriterRefusalTests {
  private let model: WrittenModel
  private let writer: ModelWriter

  init() throws {
    model = try WrittenModel("gguf/llama3.gguf")
    writer = try model.writer()
  }

  private func expectRefusal(
    _ kind: SparrowError.Kind, _ message: String, _ body: () throws -> Void
  ) {
    do {
      try body()
      Issue.record("nothing thrown; expected \(message)")
    } catch let error as SparrowError {
      #expect(error.kind == kind && error.description.contains(message), "\(error)")
    } catch {
      Issue.record("\(error)")
    }
    #expect(model.folder.names.isEmpty)
  }

  /// Writes as a folder and as a file.
  private func expectBothRefuse(
    _ kind: SparrowError.Kind, _ message: String, values: ModelWriter.Values
  ) {
    expectRefusal(kind, message) {
      try writer.writeHuggingFace(to: model.path, type: .f16, values: values)
    }
    expectRefusal(kind, message) {
      try writer.writeGGUF(to: model.path, type: .f16, values: values)
    }
  }

  @Test(arguments: [(Float.nan, "nan"), (.infinity, "inf"), (1e5, "values that fit f16")])
  func valuesThatTheTypeCannotHold(value: Float, message: String) {
    expectBothRefuse(.mismatch, message) { role throws(SparrowError) in
      var values = try writer.sourceValues(role)
      if role == WeightRole(.down, layer: 1) { values[7] = value }
      return values
    }
  }

  @Test func anotherCountOfValues() {
    expectBothRefuse(.mismatch, "values of layer 0 up") { role throws(SparrowError) in
      let values = try writer.sourceValues(role)
      return role == WeightRole(.up, layer: 0) ? values.dropLast() : values
    }
  }

  @Test func anErrorOrAStopInTheMiddle() {
    let stopped = SparrowError(.cancelled, found: "stopped")
    expectBothRefuse(.cancelled, "stopped") { role throws(SparrowError) in
      guard role.layer != 1 else { throw stopped }
      return try writer.sourceValues(role)
    }
    let stop = Progress { ($0.count?.done ?? 0) <= 3 }
    expectRefusal(.cancelled, "stopped") {
      try writer.writeHuggingFace(
        to: model.path, type: .f16, values: writer.sourceValues, progress: stop)
    }
    expectRefusal(.cancelled, "stopped") {
      try writer.writeGGUF(to: model.path, type: .f16, values: writer.sourceValues, progress: stop)
    }
  }

  @Test func placesThatCannotBeWritten() {
    for folder in ["/proc/nothing", "/dev/null"] {
      expectRefusal(.system, folder) {
        try writer.writeHuggingFace(to: folder, type: .f16, values: writer.sourceValues)
      }
      expectRefusal(.system, "/proc/nothing/file") {
        try writer.writeGGUF(to: "/proc/nothing/file", type: .f16, values: writer.sourceValues)
      }
    }
  }

  @Test func typesAndSourcesThatTheFormatDoesNotHave() throws {
    expectRefusal(.argument, "f32, f16 or bf16") {
      try writer.writeHuggingFace(to: model.path, type: .q8_0, values: writer.sourceValues)
    }
    expectRefusal(.argument, "f32, f16, bf16 or q8_0") {
      try writer.writeGGUF(to: model.path, type: .q4_0, values: writer.sourceValues)
    }
    let folder = try WrittenModel("models/llama3").writer()
    expectRefusal(.unsupported, "expected a GGUF file") {
      try folder.writeGGUF(to: model.path, type: .f16, values: folder.sourceValues)
    }
  }

  @Test func aConfigurationOfAnotherShape() throws {
    var other = model.source.configuration
    other.layers[0].feedForward.width += 32
    expectRefusal(.argument, "another shape") {
      _ = try ModelWriter(model.source.binding, configuration: other)
    }
    var mixed = model.source.configuration
    mixed.layers[1].feedForward.activation = .relu
    expectRefusal(.argument, "another shape") {
      _ = try ModelWriter(model.source.binding, configuration: mixed)
    }
  }

  /// Files of tensors that transformers' class has no place for.
  @Test func biasesThatTheClassDoesNotHave() throws {
    let other = try TemporaryFolder()
    let file = NetworkModel(type: .f32, hasBiases: false, activation: "relu")
    var gpt2 = file
    gpt2.isGated = false
    let path = try other.write("gpt2.gguf", gpt2.bytes())
    let binding = try ModelDescription(Checkpoint.open(path)).binding
    expectRefusal(.unsupported, "biases as transformers' gpt2 has them") {
      _ = try binding.huggingFaceTensors()
    }
  }
}
