import SparrowCore
import Testing

@testable import SparrowMeasure

@Suite struct TaskItemTests {
  @Test func allKindsAreRead() throws {
    let items = try TaskItem.parse(
      """
      {"prompt": "a", "choices": [" b", " c"], "answer": 1, "id": "x"}

      {"prompt": "d", "answers": ["e"]}\r
      {"prompt": "f", "answers": ["g", "h"], "stop": ["\\n"]}
      {"prompt": "i", "answers": ["j #### 1"], "after": "####"}
      {"prompt": "k", "references": ["l", "m"], "stop": ["."]}
      """, file: "tasks.jsonl")
    #expect(items.map(\.prompt) == ["a", "d", "f", "i", "k"])
    #expect(items.map(\.line) == [1, 3, 4, 5, 6])
    #expect(items[0].question == .choice(choices: [" b", " c"], answer: 1))
    #expect(items[1].question == .generation(answers: ["e"], stop: []))
    #expect(items[2].question == .generation(answers: ["g", "h"], stop: ["\n"]))
    #expect(items[3].question == .generation(answers: ["j #### 1"], stop: [], after: "####"))
    #expect(items[4].question == .writing(references: ["l", "m"], stop: ["."]))
    #expect(items.map(\.rightTexts) == [[" c"], ["e"], ["g", "h"], ["j #### 1"], ["l", "m"]])
  }

  @Test(arguments: [
    ("{\"choices\": [\"a\", \"b\"], \"answer\": 0}", "prompt"),
    ("{\"prompt\": 1, \"answers\": [\"a\"]}", "prompt"),
    ("{\"prompt\": \"a\"}", "choices"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\"], \"answer\": 0}", "choices"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\", 2], \"answer\": 0}", "choices"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\", \"\"], \"answer\": 0}", "choices"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\", \"c\"]}", "answer"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": 2}", "answer"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": -1}", "answer"),
    ("{\"prompt\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": \"c\"}", "answer"),
    ("{\"prompt\": \"a\", \"answers\": []}", "answers"),
    ("{\"prompt\": \"a\", \"answers\": \"b\"}", "answers"),
    ("{\"prompt\": \"a\", \"answers\": [\"b\"], \"stop\": [1]}", "stop"),
    ("{\"prompt\": \"a\", \"answers\": [\"b\"], \"after\": \"\"}", "after"),
    ("{\"prompt\": \"a\", \"references\": [2]}", "references"),
    ("[]", "prompt"), ("{", "byte 1"), ("{} {}", "byte 3"),
  ])
  func aBadLineIsNamedWithItsField(line: String, field: String) {
    let error = #expect(throws: SparrowError.self) {
      try TaskItem.parse("{\"prompt\": \"\", \"answers\": [\"\"]}\n" + line, file: "tasks.jsonl")
    }
    #expect(error?.kind == .malformed && error?.file == "tasks.jsonl")
    #expect(error?.field == "line 2: " + field)
  }

  @Test func aFileWithoutTasksIsRefused() {
    #expect(throws: SparrowError.self) { try TaskItem.parse(" \n\r\n", file: "t") }
  }
}
