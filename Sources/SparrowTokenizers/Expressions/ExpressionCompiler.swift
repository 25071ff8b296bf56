/// Makes a program of an expression's tree.
struct ExpressionCompiler {
  var program: [TextExpression.Instruction] = []
  var sets: [ScalarSet] = []

  mutating func emit(_ node: ExpressionNode) {
    switch node {
    case .set(let set): program.append(.one(add(set)))
    case .place(let instruction): program.append(instruction)
    case .sequence(let parts): for part in parts { emit(part) }
    case .choice(let parts): choice(parts[...])
    case .loop(let body, let least, let most, let greed): loop(body, least, most, greed)
    case .look(let body, let isNegative, let isBehind):
      enclosed(body) { end in
        .look(end: end, isNegative: isNegative, back: isBehind ? body.width : nil)
      }
    case .atomic(let body): enclosed(body) { .atomic(end: $0) }
    }
  }

  private mutating func add(_ set: ScalarSet) -> Int {
    sets.append(set)
    return sets.count - 1
  }

  /// A body with its own end, after an instruction that knows where it is.
  private mutating func enclosed(
    _ body: ExpressionNode, _ instruction: (Int) -> TextExpression.Instruction
  ) {
    let place = program.count
    program.append(.match)
    emit(body)
    program.append(.match)
    program[place] = instruction(program.count)
  }

  private mutating func choice(_ parts: ArraySlice<ExpressionNode>) {
    guard let first = parts.first else { return }
    guard parts.count > 1 else { return emit(first) }
    let fork = program.count
    program.append(.match)
    emit(first)
    let jump = program.count
    program.append(.match)
    program[fork] = .fork(fork + 1, program.count)
    choice(parts.dropFirst())
    program[jump] = .jump(program.count)
  }

  private mutating func loop(
    _ body: ExpressionNode, _ least: Int, _ most: Int, _ greed: ExpressionNode.Greed
  ) {
    if case .set(let set) = body {
      let set = add(set)
      switch greed {
      case .greedy: program.append(.many(set, least: least, most: most))
      case .lazy: program.append(.few(set, least: least, most: most))
      case .possessive: program.append(.all(set, least: least, most: most))
      }
      return
    }
    if greed == .possessive {
      return emit(.atomic(.loop(body, least: least, most: most, .greedy)))
    }
    for _ in 0..<least { emit(body) }
    func fork(_ place: Int, _ end: Int) -> TextExpression.Instruction {
      greed == .greedy ? .fork(place + 1, end) : .fork(end, place + 1)
    }
    if most == .max {
      let place = program.count
      program.append(.match)
      emit(body)
      program.append(.jump(place))
      program[place] = fork(place, program.count)
      return
    }
    var places: [Int] = []
    for _ in least..<most {
      places.append(program.count)
      program.append(.match)
      emit(body)
    }
    for place in places { program[place] = fork(place, program.count) }
  }
}
