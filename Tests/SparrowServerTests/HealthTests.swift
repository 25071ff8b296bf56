import SparrowCore
import Testing

@testable import SparrowServer

struct HealthTests {
  @Test("/health tells that the server answers")
  func health() async throws {
    let answer = await ModelServer().answer(ServerRequest(method: "GET", path: "/health"))
    #expect(answer.status == 200)
    #expect(try JSON.parse(answer.body)["status"] == "ok")
  }
}
