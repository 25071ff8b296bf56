import Testing

@testable import SparrowServer

@Suite struct BodyBudgetTests {
  private let free = BodyBudget.free

  @Test func aBodyIsKeptWhole() {
    var body = IncomingBody(limit: 100, in: BodyBudget(limit: 0))
    for part in ["ab", "", "c"] { body.add(Array(part.utf8)) }
    #expect(body.bytes == Array("abc".utf8) && body.refusal == nil)
  }

  @Test func whatIsTooLargeIsNotKept() {
    var body = IncomingBody(limit: 4, in: BodyBudget(limit: 1 << 20))
    for _ in 0..<3 { body.add([1, 2, 3]) }
    #expect(body.count == 9 && body.bytes.isEmpty && body.refusal?.status == 413)
  }

  @Test func bodiesShareTheirMemory() {
    let budget = BodyBudget(limit: 100)
    func body(_ counted: Int) -> IncomingBody {
      var body = IncomingBody(limit: 1 << 20, in: budget)
      body.add([UInt8](repeating: 0, count: free))
      body.add([UInt8](repeating: 0, count: counted))
      return body
    }
    var first = body(60)
    #expect(first.refusal == nil)
    #expect(body(41).refusal?.answer[header: "retry-after"] != nil)
    // Small ones are always let in, and one that was refused holds nothing.
    #expect(body(0).refusal == nil)
    var second = body(40)
    #expect(second.refusal == nil)
    first.release()
    first.release()
    #expect(body(61).refusal?.code == "bodies_full")
    second.release()
    #expect(body(100).refusal == nil)
  }
}
