import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowMachine

@Suite struct CheckupTests {
  static let findings = [
    Finding("memory", "8 GB", ["bytes": 8]),
    Finding("curl", "not found", .null, .missing, advice: "install curl"),
  ]

  @Test("a line a finding, advice below it, signs only for a terminal")
  func text() {
    let checkup = Checkup(findings: Self.findings)
    let plain = "memory  8 GB\ncurl    not found\n        install curl\n"
    #expect(checkup.text(isPretty: false) == plain)
    let pretty = checkup.text(isPretty: true)
    #expect(pretty.contains("✓") && pretty.contains("–") && pretty.contains("\u{1B}["))
    #expect(checkup.isWell)
  }

  @Test("JSON has every finding by name, and what is missing with the advice")
  func json() {
    var checkup = Checkup(findings: Self.findings)
    #expect(checkup.json["memory"]?["bytes"]?.int == 8)
    #expect(checkup.json["missing"]?["curl"]?.string == "install curl")
    checkup.findings.append(Finding("cache", "none", .null, .broken, advice: "set it"))
    #expect(!checkup.isWell && checkup.json["broken"]?["cache"]?.string == "set it")
  }

  @Test("nothing fails where there is no /proc and no /sys, and no name is told")
  func bareMachine() throws {
    let fake = try FakeSystem()
    let environment = ["HOME": fake.root, "USER": "someone", "HOSTNAME": "somewhere"]
    let checkup = Checkup.run(environment: environment, root: fake.root)
    #expect(checkup.isWell)
    let names = checkup.findings.map(\.name)
    #expect(Set(names).count == names.count)
    for text in [checkup.text(isPretty: false), checkup.json.text()] {
      #expect(!text.contains(fake.root) && !text.contains("someone"))
      #expect(!text.contains("somewhere") && text.contains("~/.cache/sparrow"))
    }
  }
}
