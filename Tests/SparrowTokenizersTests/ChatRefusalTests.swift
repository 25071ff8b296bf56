import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTokenizers

/// What is not known is refused by name and line, and hostile templates throw instead of trapping or hanging.
@Suite struct ChatRefusalTests {
  private func render(
    _ source: String, variables: [String: JSON] = [:]
  ) throws(SparrowError) -> String {
    try ChatTemplate(source: source, file: "t.jinja").render(
      messages: [.user("hi")], addGenerationPrompt: true, bosToken: "", eosToken: "",
      variables: variables)
  }

  @Test(arguments: [
    ("a\n{{ 1|indent }}", "line 2: the filter 'indent'"),
    ("{% include 'x' %}", "line 1: the tag 'include'"),
    ("\n\n{% raw %}{% endraw %}", "line 3: the tag 'raw'"),
    ("{% generation %}", "line 1: the tag 'generation'"),
    ("{{ 1 is divisibleby 2 }}", "line 1: the test 'divisibleby'"),
    ("{{ [].append(1) }}", "line 1: the method 'append'"),
    ("{{ 'a'.format(1) }}", "line 1: the method 'format'"),
    ("{{ ''.__class__ }}", "line 1: the attribute '__class__'"),
    ("{{ 2 ** 3 }}", "line 1: the operator '**'"),
    ("{{ f(*x) }}", "line 1: unpacked arguments"),
    ("{{ x[1, 2] }}", "line 1: an index of several values"),
    ("{% for x in y recursive %}{% endfor %}", "line 1: a recursive loop"),
    ("{% for x in y %}{% macro m() %}{% endmacro %}{% endfor %}", "line 1: a macro inside"),
    ("{% set x|upper %}{% endset %}", "line 1: a filter on a 'set' block"),
    ("{{ [1]|tojson(separators=1) }}", "the argument 'separators' of the filter 'tojson'"),
    ("{{ x|selectattr('a', 'odder') }}", "line 1: the test 'odder'"),
    ("{{ x|map('odder') }}", "line 1: the filter 'odder'"),
    ("{{ x! }}", "line 1: the character '!'"),
    ("{{ 0x1F }}", "line 1: the number '0x'"),
    ("{{ 99999999999999999999 }}", "line 1: the number '99999999999999999999'"),
    ("{{ '\\N{DASH}' }}", "line 1: the escape '\\N'"),
    ("{{ f()() }}", "line 1: a call of what is no name"),
  ]) func parsingNames(_ source: String, _ expected: String) {
    let error = #expect(throws: SparrowError.self) { try ChatTemplate(source: source, file: "t") }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains(expected) == true, "\(error!)")
  }

  @Test(arguments: [
    "{{ messages[0].items }}", "{{ bos_token.upper }}", "{{ range(3) }}",
    "{{ loop_ is defined }}{{ cycler() }}",
    "{{ namespace(a=1) }}", "{{ [namespace()] }}", "{{ 'a%s' % 1 }}", "{{ [1] * 2 }}",
    "{% set g = [1]|select %}{{ g|list }}{{ g|list }}", "{{ 9223372036854775807 + 1 }}",
    "{{ -9223372036854775807 - 2 }}", "{{ (-9223372036854775807 - 1) // -1 }}",
    "{{ 5000000000 * 5000000000 }}", "{{ 1.5 // 1 }}", "{{ 'a'.replace('', 'b') }}",
    "{{ '1_0'|int }}", "{{ 1e300|int }}", "{{ strftime_now('%Q') }}", "{{ {1: 2} }}",
    "{% for x in [1] %}{{ loop.cycle }}{% endfor %}", "{{ ('a'|safe).upper() }}",
    "{% set n = namespace(a=1) %}{% for x in [1, 2] if n.a %}{% set n.a = 0 %}{% endfor %}",
    "{{ [1]|tojson(indent=1000000) }}", "{{ [1]|tojson(ensure_ascii=true) }}",
  ]) func renderingRefuses(_ source: String) {
    let error = #expect(throws: SparrowError.self) { try render(source) }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains("t.jinja: line 1: ") == true, "\(error!)")
  }

  @Test func exceptionsCarryTheirMessageAndPlace() {
    let error = #expect(throws: SparrowError.self) {
      try render("a\n{% if 1 %}\n{{ raise_exception('No ' ~ messages[0].role) }}{% endif %}")
    }
    #expect(
      error
        == SparrowError(.argument, file: "t.jinja", field: "line 3", found: "No user"))
  }

  @Test func datesAreTodayOrGiven() throws {
    #expect(try render("{{ strftime_now('%Y') }}").utf8.count == 4)
    let leap = try render("{{ strftime_now('%a %j') }}", variables: ["date": "2000-12-31"])
    #expect(leap == "Sun 366")
    for date in ["2024-02-30", "2023-02-29", "24-01-01", "2024-01-01T25:00:00", "é024-01-01"] {
      let error = #expect(throws: SparrowError.self) {
        try render("{{ strftime_now('%Y') }}", variables: ["date": .string(date)])
      }
      #expect(error?.kind == .argument)
    }
  }

  @Test(arguments: [
    // Steps, work and output.
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% set s = namespace(v='ab') %}{% for a in range(99) %}{% set s.v = s.v + s.v %}{% endfor %}",
    "{% set s = namespace(v=[1]) %}{% for a in range(99) %}{% set s.v = s.v + s.v %}{% endfor %}",
    "{{ 'a' * 1048577 }}", "{{ 'ab' * 9223372036854775807 }}", "{{ range(9223372036854775807) }}",
    "{% for a in range(9000) %}{{ 'a' * 1000 }}{% endfor %}",
    "{% set s = 'a' * 99999 %}{{ s.replace('a', s) }}", "{% set s = 'a' * 99999 %}{{ s|join(s) }}",
    "{% set s = 'ab' * 9999 %}{% for a in s %}{% for b in s %}{{ s in s }}{% endfor %}{% endfor %}",
    // Values that grow by sharing.
    "{% set s = namespace(v=[]) %}{% for a in range(60) %}{% set s.v = [s.v, s.v] %}{% endfor %}{{ s.v }}",
    "{% set s = namespace(v=[]) %}{% for a in range(60) %}{% set s.v = [s.v, s.v] %}{% endfor %}{{ s.v|tojson }}",
    "{% set s = namespace(v=[], w=[]) %}{% for a in range(60) %}{% set s.v = [s.v, s.v] %}"
      + "{% set s.w = [s.w, s.w] %}{% endfor %}{{ s.v == s.w }}",
    "{% set s = namespace(v=[]) %}{% for a in range(99) %}{% set s.v = [s.v] %}{% endfor %}",
    "{% set s = namespace(v={}) %}{% for a in range(99) %}{% set s.v = {'a': s.v} %}{% endfor %}",
    // Recursion.
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{% if a %}{% for b in a %}{{ m([b]) ~ '' }}{% endfor %}{% endif %}{% endmacro %}{{ m([1]) }}",
    "{% macro m(a=m()) %}{% endmacro %}{{ m() }}",
  ]) func boundsHold(_ source: String) {
    let error = #expect(throws: SparrowError.self) {
      try ChatTemplate(source: source, file: "t.jinja").render(
        messages: [], addGenerationPrompt: true, bosToken: "", eosToken: "", variables: [:],
        budget: TemplateBudget(steps: 100_000, work: 16 << 20, output: 1 << 20))
    }
    #expect(error?.kind == .malformed || error?.kind == .unsupported)
  }

  @Test(arguments: [
    ("(", "1", ")"), ("[", "1", "]"), ("{'a':", "1", "}"), ("not ", "1", ""), ("-", "1", ""),
    ("", "a", ".b"), ("", "a", "[0]"), ("", "a", "|trim"), ("", "a", ".strip()"), ("1+", "1", ""),
    ("1 if 1 else ", "1", ""), ("a or ", "1", ""), ("a~", "1", ""), ("1<", "1", ""),
    ("f(", "1", ")"),
    ("a[", "1", "]"), ("", "1", " if 1"), ("", "a", "[:]"), ("", "1", " is eq 1"),
  ]) func deepExpressionsThrow(_ open: String, _ middle: String, _ close: String) {
    for count in [30, 33, 62, 65, 150, 20_000] {
      let expression =
        String(repeating: open, count: count) + middle + String(repeating: close, count: count)
      _ = try? render("{{ " + expression + " }}")
    }
  }

  @Test func deepBlocksThrow() {
    for block in ["{% if 1 %}", "{% for x in [1] %}", "{% set x %}", "{% macro m() %}"] {
      let error = #expect(throws: SparrowError.self) {
        try render(String(repeating: block, count: 10_000))
      }
      #expect(error?.kind == .unsupported)
    }
    #expect(throws: SparrowError.self) {
      try render("{% if 1 %}" + String(repeating: "{% elif 1 %}", count: 10_000))
    }
    #expect(throws: SparrowError.self) { try render(String(repeating: " ", count: 1 << 21)) }
  }

  @Test func damagedTemplatesThrow() throws {
    let sources = try ChatFixture.models.map { name in
      Array((try ChatFixture.document(name)["source"]?.string ?? "").utf8)
    }
    var mutator = Mutator(seed: 11)
    var (parsed, rendered) = (0, 0)
    for round in 0..<3_000 {
      let bytes = mutator.mutate(sources[round % sources.count], donors: sources)
      do throws(SparrowError) {
        let template = try ChatTemplate(source: String(decoding: bytes, as: UTF8.self), file: "t")
        parsed += 1
        _ = try template.render(
          messages: [.system("s"), .user("a"), .assistant("b"), .user("c")],
          addGenerationPrompt: true, bosToken: "<s>", eosToken: "</s>")
        rendered += 1
      } catch {
        #expect(!error.description.contains("\n"))
        #expect(error.description.utf8.count < 8_192)
      }
    }
    #expect(parsed > 500)
    #expect(rendered > 300)
    #expect(parsed < 2_900)
  }
}
