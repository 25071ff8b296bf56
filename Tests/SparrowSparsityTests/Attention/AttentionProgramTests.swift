import SparrowBlocks
import SparrowCore
import SparrowSparsity
import SparrowTransformer
import Testing

/// What plans of attention make of a program, and which plans a model refuses.
@Suite struct AttentionProgramTests {
  static func model(keyValueHeads: Int = 4) throws -> ModelConfiguration {
    let text = """
      {"model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4,
       "num_key_value_heads": \(keyValueHeads), "num_hidden_layers": 2, "vocab_size": 100,
       "max_position_embeddings": 256}
      """
    return try ModelConfiguration(huggingFace: try JSON.parse(text), file: "config.json")
  }

  static func plan(groups: Int, hidden: Int = 64, lookahead: Bool = false) -> AttentionPlan {
    let b = PredictorMatrix(
      rows: groups, columns: hidden, type: .f16,
      bytes: [UInt8](repeating: 0, count: 2 * groups * hidden))
    return AttentionPlan(
      predictor: .router(
        LinearPredictor(a: nil, b: b, bias: [Float](repeating: 0, count: groups))),
      selector: .topK(1), lookahead: lookahead)
  }

  /// The operations from the first projection up to the feed-forward norm behind it.
  static func attention(
    _ model: ModelConfiguration, _ plans: [Int: AttentionPlan]
  ) -> [Operation] {
    let program = SparsePlan(attention: plans).rewrite(StepProgram(model))
    return Array(
      program.operations.dropFirst(2).prefix {
        if case .norm = $0.kind { false } else { true }
      })
  }

  @Test func multiHeadLayersKeepTheirInput() throws {
    let model = try Self.model()
    let attention = model.layers[0].attention
    #expect(
      Self.attention(model, [0: Self.plan(groups: 4)]) == [
        Operation(.predictHeads(attention, input: .input), layer: 0),
        Operation(.selectHeads(attention), layer: 0),
        Operation(.keepInput(attention, input: .input), layer: 0),
        Operation(.projectHeads(attention, input: .input), layer: 0),
        Operation(.rotate(attention), layer: 0),
        Operation(.appendHeads(attention), layer: 0),
        Operation(.attendHeads(attention), layer: 0),
        Operation(.sparseOutput(output: .hidden, .add), layer: 0),
      ])
  }

  @Test func lookaheadPredictsInTheLayerBefore() throws {
    let model = try Self.model(keyValueHeads: 2)
    let attention = model.layers[0].attention
    #expect(
      Self.attention(model, [1: Self.plan(groups: 2, lookahead: true)]) == [
        Operation(.project(attention, input: .input), layer: 0),
        Operation(.predictHeads(attention, input: .input), layer: 1),
        Operation(.rotate(attention), layer: 0), Operation(.append(attention), layer: 0),
        Operation(.attend(attention), layer: 0),
        Operation(.multiply(.output, input: .attended, output: .hidden, .add), layer: 0),
      ])
  }

  @Test func theOracleSelectsBehindDenseAttention() throws {
    let model = try Self.model()
    let attention = model.layers[0].attention
    let plan = AttentionPlan(predictor: .exact, selector: .topK(1))
    #expect(
      Self.attention(model, [0: plan]) == [
        Operation(.project(attention, input: .input), layer: 0),
        Operation(.rotate(attention), layer: 0), Operation(.append(attention), layer: 0),
        Operation(.attend(attention), layer: 0),
        Operation(.predictHeads(attention, input: .attended), layer: 0),
        Operation(.selectHeads(attention), layer: 0),
        Operation(.sparseOutput(output: .hidden, .add), layer: 0),
      ])
  }

  @Test func plansMustFitTheModel() throws {
    let model = try Self.model(keyValueHeads: 2)
    let exact = AttentionPlan(predictor: .exact, selector: .topK(1), lookahead: true)
    let refused: [([Int: AttentionPlan], SparrowError.Kind, String)] = [
      ([2: Self.plan(groups: 2)], .mismatch, "layers"),
      ([0: Self.plan(groups: 4)], .malformed, "layers.0.attention.b"),
      ([1: Self.plan(groups: 2, hidden: 32)], .malformed, "layers.1.attention.b"),
      ([1: exact], .malformed, "layers.1.attention.lookahead"),
    ]
    try SparsePlan(attention: [0: Self.plan(groups: 2)]).check(model, file: "m")
    for (plans, kind, field) in refused {
      let error = #expect(throws: SparrowError.self) {
        try SparsePlan(attention: plans).check(model, file: "m")
      }
      #expect(error?.kind == kind)
      #expect(error?.field == field)
    }
  }
}
