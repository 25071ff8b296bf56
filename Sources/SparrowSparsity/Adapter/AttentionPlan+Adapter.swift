internal import SparrowCore
internal import SparrowFormats

extension AttentionPlan {
  /// Reads the plan whose fields these are and whose tensors begin with `name`.
  init(
    _ fields: AdapterFields, tensors: Checkpoint, name: String
  ) throws(SparrowError) {
    let kind = try fields.string("predictor")
    let predictor: Predictor
    switch kind {
    case "low_rank":
      predictor = .lowRank(try LinearPredictor(fields, tensors, name: name, hasRank: true))
    case "router":
      predictor = .router(try LinearPredictor(fields, tensors, name: name, hasRank: false))
    case "exact": predictor = .exact
    default:
      throw fields.unknown("predictor", kind, "low_rank, router or exact")
    }
    self.init(
      predictor: predictor, selector: try fields.selector(),
      lookahead: try fields.optionalFlag("lookahead"),
      density: try fields.optionalFloat("density"))
  }

  /// What `adapter.json` says of it.
  var json: JSON { .object(sharedMembers) }

  /// Throws for a plan that `Adapter.read` would refuse.
  func validateWritable(file: String, name: String) throws(SparrowError) {
    try validateParts(file: file, name: name)
    try selector.validateWritable(file: file, field: name + ".selector")
  }

  func add(to writer: inout SafetensorsWriter, name: String) throws(SparrowError) {
    try maps?.add(to: &writer, name: name)
  }
}
