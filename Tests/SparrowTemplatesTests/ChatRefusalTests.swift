import SparrowCore
import SparrowTestSupport
import Testing

@testable import SparrowTemplates

/// What is not known is refused by name and line, and hostile templates throw instead of trapping
/// or hanging.
@Suite struct ChatRefusalTests {
  private func render(
    _ source: String, variables: [String: JSON] = [:]
  ) throws(SparrowError) -> String {
    try ChatTemplate(source: source, file: "t.jinja").render(
      messages: [.user("hi")], addGenerationPrompt: true, bosToken: "", eosToken: "",
      variables: variables
    ).text
  }

  @Test(arguments: [
    ("\n\n{% do x %}", "line 3: the tag 'do'"), ("{% no such %}", "line 1: the tag 'no'"),
    ("{{ x! }}", "line 1: the character '!'"),
    ("{{ 99999999999999999999 }}", "line 1: the number '99999999999999999999'"),
    ("{{ '\\N{DASH}' }}", "line 1: the escape '\\N'"),
    ("{{ x[1:2, 3] }}", "line 1: an index of several slices"),
  ]) func parsingNames(_ source: String, _ expected: String) {
    let error = #expect(throws: SparrowError.self) { try ChatTemplate(source: source, file: "t") }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains(expected) == true, "\(error!)")
  }

  @Test(arguments: [
    ("{{ 1|urlize }}", "the filter 'urlize'"), ("{% include 'x' %}", "the tag 'include'"),
    ("{{ 1 is oddish }}", "the test 'oddish'"), ("{{ 'a'.encode() }}", "the method 'encode'"),
    ("{{ x|selectattr('a', 'odder') }}", "the test 'odder'"),
    ("{{ messages|map('odder') }}", "the filter 'odder'"),
    ("{% autoescape true %}{% endautoescape %}", "the tag 'autoescape'"),
    ("{{ cycler(1) }}", "Jinja's 'cycler'"), ("{{ [].count }}", "the text of the method"),
    ("{{ namespace(a=1) }}", "the text of a namespace"), ("{{ [namespace()] }}", "inside another"),
    ("{{ ('a'|safe).join([]) }}", "the method 'join'"), ("{{ 'a%x' % 1 }}", "the format '%x'"),
    ("{{ '{:>3}'.format(1) }}", "the format '{:>3}'"), ("{{ '1_0'|int }}", "as a number"),
    ("{{ 9223372036854775807 + 1 }}", "beyond 64 bits"), ("{{ 1e300|int }}", "beyond 64 bits"),
    ("{{ -9223372036854775807 - 2 }}", "beyond 64 bits"), ("{{ 2 ** 64 }}", "beyond 64 bits"),
    ("{{ (-9223372036854775807 - 1) // -1 }}", "beyond 64 bits"),
    ("{{ (-9223372036854775807 - 1)|abs }}", "beyond 64 bits"),
    ("{{ 5000000000 * 5000000000 }}", "beyond 64 bits"), ("{{ 2 ** -1 }}", "between fractions"),
    ("{{ strftime_now('%Q') }}", "the date format '%Q'"),
    ("{{ [1]|tojson(indent=1000000) }}", "this 'indent'"),
    (
      "{% set n = namespace(a=1) %}{% for x in [1, 2] if n.a %}{% set n.a = 0 %}{% endfor %}",
      "its own condition"
    ),
  ]) func renderingRefusesWhatItComesTo(_ source: String, _ expected: String) throws {
    let error = #expect(throws: SparrowError.self) { try render(source) }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains("t.jinja: line 1: ") == true, "\(error!)")
    #expect(error?.description.contains(expected) == true, "\(error!)")
    #expect(try render("{% if 0 %}" + source + "{% endif %}a") == "a")
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
    "{% set s = namespace(v=[]) %}{% for a in range(60) %}"
      + "{% set s.v = [s.v, s.v] %}{% endfor %}{{ s.v }}",
    "{% set s = namespace(v=[]) %}{% for a in range(60) %}"
      + "{% set s.v = [s.v, s.v] %}{% endfor %}{{ s.v|tojson }}",
    "{% set s = namespace(v=[], w=[]) %}{% for a in range(60) %}{% set s.v = [s.v, s.v] %}"
      + "{% set s.w = [s.w, s.w] %}{% endfor %}{{ s.v == s.w }}",
    "{% set s = namespace(v=[]) %}{% for a in range(99) %}{% set s.v = [s.v] %}{% endfor %}",
    "{% set s = namespace(v={}) %}{% for a in range(99) %}{% set s.v = {'a': s.v} %}{% endfor %}",
    // Recursion.
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(a) %}{% if a %}{% for b in a %}{{ m([b]) ~ '' }}{% endfor %}"
      + "{% endif %}{% endmacro %}{{ m([1]) }}",
    "{% macro m(a=m()) %}{% endmacro %}{{ m() }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
    // What grows by one operation.
    "{{ 'a'.center(999999999999) }}", "{{ 'a'|center(999999999) }}", "{{ ''|indent(99999999999) }}",
    "{{ '7'.zfill(9223372036854775807) }}", "{{ [1] * 99999999 }}",
    "{{ [[]] * 9223372036854775807 }}",
    "{% set s = 'a' * 99999 %}{{ s.replace('', s) }}", "{{ [1]|slice(99999999) }}",
    "{{ [1]|batch(99999999, 0)|list }}", "{% set s = 'a' * 99999 %}{{ s.join([s] * 999) }}",
    "{{ ('a' * 9999)|indent('b' * 9999 ~ '\\n') ~ ('\\n' * 9999)|indent('b' * 99999) }}",
  ]) func boundsHold(_ source: String) {
    let error = #expect(throws: SparrowError.self) {
      try ChatTemplate(source: source, file: "t.jinja").render(
        messages: [], addGenerationPrompt: true, bosToken: "", eosToken: "", variables: [:],
        budget: TemplateBudget(steps: 100_000, work: 16 << 20, output: 1 << 20))
    }
    #expect(error?.kind == .malformed || error?.kind == .unsupported)
  }

  /// Numbers at the edge of 64 bits in every place that takes one end in a text or an error.
  @Test(arguments: [
    "{{ 'abc'.center(N) }}", "{{ 'abc'|center(N) }}", "{{ 'abc'.ljust(N) }}", "{{ 'a'.zfill(N) }}",
    "{{ 'abc'[N] }}", "{{ 'abc'[N:] }}", "{{ 'abc'[:N] }}", "{{ 'abc'[::N] }}", "{{ [1, 2][N] }}",
    "{{ [1, 2, 3][::N] }}", "{{ [1, 2, 3][N::N] }}", "{{ 'a,b'.split(',', N) }}", "{{ N|abs }}",
    "{{ 'a b'.rsplit(none, N) }}", "{{ 'aa'.replace('a', 'b', N) }}", "{{ 'a' * N }}", "{{ -N }}",
    "{{ [1] * N }}", "{{ range(N) }}", "{{ range(0, 9, N)|list }}", "{{ range(N, 0)|length }}",
    "{{ 'abc def'|truncate(N) }}", "{{ 'abc def'|truncate(3, leeway=N) }}", "{{ 'a'|indent(N) }}",
    "{{ [1]|tojson(indent=N) }}", "{{ [1, 2]|batch(N)|list }}", "{{ [1]|slice(N)|list }}",
    "{{ 2.5|round(N) }}", "{{ N|round }}", "{{ N // -1 }}", "{{ N % -1 }}", "{{ N ** N }}",
    "{{ 2 ** N }}",
    "{{ N + N }}", "{{ N - N - N }}", "{{ N * N }}", "{{ 'x'|int(N) }}", "{{ '%d' % N }}",
    "{{ N is odd }}",
    "{{ [N]|sum(start=N) }}", "{{ range(5)[N] }}", "{{ {N: 1}[N] }}", "{{ N is divisibleby N }}",
    "{{ N is divisibleby 0 }}", "{{ 7 // 0.0 }}", "{{ 'a'|wordcount + N }}",
  ]) func edgesEnd(_ source: String) {
    for number in ["9223372036854775807", "(-9223372036854775807 - 1)", "-1", "0"] {
      _ = try? ChatTemplate(
        source: source.split(separator: "N").joined(separator: number), file: "t"
      )
      .render(
        messages: [], addGenerationPrompt: true, bosToken: "", eosToken: "", variables: [:],
        budget: TemplateBudget(steps: 100_000, work: 16 << 20, output: 1 << 20))
    }
  }

  @Test(arguments: [
    ("(", "1", ")"), ("[", "1", "]"), ("{'a':", "1", "}"), ("not ", "1", ""), ("-", "1", ""),
    ("", "a", ".b"), ("", "a", "[0]"), ("", "a", "|trim"), ("", "a", ".strip()"), ("1+", "1", ""),
    ("1 if 1 else ", "1", ""), ("a or ", "1", ""), ("a~", "1", ""), ("1<", "1", ""),
    ("f(", "1", ")"),
    ("a[", "1", "]"), ("", "1", " if 1"), ("", "a", "[:]"), ("", "1", " is eq 1"),
    ("2**", "1", ""), ("", "f", "()"), ("f(*", "1", ")"), ("f(**", "1", ")"),
  ]) func deepExpressionsThrow(_ open: String, _ middle: String, _ close: String) {
    for count in [30, 33, 62, 65, 150, 20_000] {
      let expression =
        String(repeating: open, count: count) + middle + String(repeating: close, count: count)
      _ = try? render("{{ " + expression + " }}")
    }
  }

  @Test func deepTargetsThrow() {
    for count in [3, 40, 20_000] {
      let open = String(repeating: "(", count: count)
      let close = String(repeating: ")", count: count)
      _ = try? render("{% for \(open)a\(close) in [1] %}{% endfor %}")
      _ = try? render("{% set \(open)a, b\(close) = 1, 2 %}")
    }
  }

  @Test func deepBlocksThrow() {
    for block in [
      "{% if 1 %}", "{% for x in [1] %}", "{% set x %}", "{% macro m() %}", "{% with %}",
      "{% filter trim %}", "{% generation %}", "{% block b %}", "{% call m() %}",
      "{% autoescape 1 %}",
    ] {
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
    let constructs = try ChatFixture.load("constructs").map(\.source)
    let models = try Fixtures.chatModels.map { name in
      try Fixtures.chat(name)["source"]?.string ?? ""
    }
    let sources = (constructs + models + models + models).map { Array($0.utf8) }
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
