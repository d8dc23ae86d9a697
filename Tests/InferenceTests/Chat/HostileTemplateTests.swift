import Files
import TestSupport
import Testing

@testable import Inference

/// Templates that ask for endless time, memory or depth: one line, and soon.
@Suite struct HostileTemplateTests {
  /// What is said of a template; the budget is a fiftieth of the usual one, for builds without optimisation.
  private static func refusal(_ source: String) -> AIGCError? {
    do throws(AIGCError) {
      let budget = TemplateBudget(steps: 400_000, memory: 2 << 20)
      let renderer = TemplateRenderer(date: .now, budget: budget)
      _ = try renderer.render(try TemplateParser.parse(source), [])
      return nil
    } catch { return error }
  }

  private static func repeated(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  @Test(arguments: [
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "{% for i in range(10000000000) %}{% endfor %}",
    "{% set s = namespace(s='ab') %}{% for i in range(100) %}{% set s.s = s.s ~ s.s %}{% endfor %}",
    "{% set s = namespace(s='ab') %}{% for i in range(100) %}{% set s.s = s.s + s.s %}{% endfor %}{{ s.s }}",
    "{{ 'a' * 1000000000000 }}", "{{ 'ab' * 9223372036854775807 }}", "{{ [1] * 1000000000000 }}",
    "{{ 'a'.center(1000000000000) }}", "{{ 'a' | center(10000000000) }}", "{{ '%999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}", "{{ '%.999999999f' % 1.5 }}", "{{ '{:999999999}'.format(1) }}",
    "{{ '{:.999999999f}'.format(1.5) }}", "{{ 'a' | indent(10000000000) }}",
    "{{ 'a'.zfill(100000000000) }}", "{{ 'a\\tb'.expandtabs(1000000000000) }}",
    "{{ 'aaaa' | replace('', 'b' * 100000000) }}", "{{ [1] | batch(100000000000, 1) | list }}",
    "{{ [1] | slice(100000000000) | list }}", "{{ [1] | tojson(indent=100000000000) }}",
    "{% set l = [1] %}{% set _ = l.append(l) %}{{ l }}",
    "{% set l = [1] %}{% set _ = l.append(l) %}{{ l | tojson }}",
    "{% set l = [1] %}{% set _ = l.append(l) %}{% set m = [1] %}{% set _ = m.append(m) %}{{ l == m }}",
    "{% set d = {} %}{% set _ = d.update(a=d) %}{{ d }}",
    "{% set n = namespace() %}{% set n.l = [1] %}{% for i in range(90) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}",
    "{% set n = namespace() %}{% set n.l = [1] %}{% for i in range(100000) %}{% set n.l = [n.l] %}{% endfor %}{{ n.l }}",
    "{% set n = namespace() %}{% set n.l = (1,) %}{% for i in range(100000) %}{% set n.l = (n.l,) %}{% endfor %}{{ {n.l: 1} }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(x) %}{% for i in range(2) %}{{ m(x + 1) }}{% endfor %}{% endmacro %}{{ m(1) }}",
    "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}",
    "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "{% set n = namespace() %}{% set n.l = [1] | map('abs') %}{% for i in range(5000) %}{% set n.l = n.l | map('abs') %}{% endfor %}{{ n.l | list }}",
    "{% set l = [1] %}{% for i in range(100000) %}{% set _ = l.extend(l) %}{% endfor %}",
    "{% set l = [] %}{% for i in range(100000) %}{% for x in l %}{% break %}{% endfor %}{% set _ = l.append(i) %}{% endfor %}",
    "{% set s = 'a' * 200000 %}{% for i in range(100000) %}{{ ('a' * 1000 ~ 'b') in s }}{% endfor %}",
    "{% set s = 'a' * 100000 %}{% for i in range(100) %}{% set t = s | upper %}{% endfor %}",
    "{{ 9223372036854775807 + 1 }}", "{{ -9223372036854775807 - 2 }}",
    "{{ 9223372036854775807 * 2 }}",
    "{{ 10 ** 400 }}", "{{ (-9223372036854775807 - 1) // -1 }}",
    "{{ (-9223372036854775807 - 1) | abs }}",
    "{{ 99999999999999999999 }}", "{{ 2.5 ** 100000 // 0.1 | int }}",
    "{{ range(0, 9223372036854775807, 1) }}",
    "{{ range(-9223372036854775807, 9223372036854775807) }}",
    "{% set a = 'x' * 100000 %}{{ ('%(a)s' * 1000) % {'a': a} }}",
    "{% set a = 'x' * 100000 %}{{ ('{0}' * 1000).format(a) }}",
    "{{ ([0] * 1000) | tojson(separators=('x' * 100000, ':')) }}",
    "{% set a = 'x' * 1000 %}{{ ([(a, a)] * 10000) | urlencode }}", "{{ [0] * 400000 }}",
    "{{ '\\t'.expandtabs(9223372036854775807) }}",
    "{% include 'x' %}", "{% import 'x' as y %}", "{{ 'x' | pprint }}", "{{ lipsum() }}",
  ])
  func isRefusedSoon(_ source: String) throws {
    let clock = ContinuousClock()
    var error: AIGCError?
    let time = clock.measure { error = Self.refusal(source) }
    let found = try #require(error, "\(source) is rendered")
    #expect(!found.description.contains("\n"))
    #expect(found.code == .badInput)
    #expect(time < .seconds(60), "\(source) took \(time)")
  }

  @Test(arguments: [
    "'a'.ljust(-9223372036854775807 - 1)", "'a'.rjust(-9223372036854775807 - 1)",
    "'a'.zfill(-9223372036854775807 - 1)", "'a'.center(-9223372036854775807 - 1)",
    "'a' | center(-9223372036854775807 - 1)",
  ])
  func widthsBelowAllAreNone(_ expression: String) {
    #expect(Self.refusal("{{ \(expression) }}") == nil)
  }

  private struct LongSource: CustomTestStringConvertible {
    var begin: String
    var part: String
    var count: Int
    var end: String
    var testDescription: String { "\(begin)\(count) × \(part)\(end)" }

    init(_ begin: String, _ part: String, _ count: Int, _ end: String = "") {
      (self.begin, self.part, self.count, self.end) = (begin, part, count, end)
    }
  }

  private static let longSources: [LongSource] = [
    LongSource("{{ ", "(", 20_000), LongSource("{{ ", "[", 20_000),
    LongSource("{{ ", "not ", 20_000, "1 }}"), LongSource("{{ ", "-", 20_000, "1 }}"),
    LongSource("{{ 1", " + 1", 20_000, " }}"), LongSource("{{ 1", " ** 1", 20_000, " }}"),
    LongSource("{{ 1", " if 1 else 1", 20_000, " }}"), LongSource("{{ 1", "|abs", 20_000, " }}"),
    LongSource("{{ 1", " ~ 1", 20_000, " }}"), LongSource("{{ 1", " < 2", 20_000, " }}"),
    LongSource("{{ x", ".x", 20_000, " }}"), LongSource("{{ x", "[0]", 20_000, " }}"),
    LongSource("{{ x", "()", 20_000, " }}"), LongSource("", "{% if 1 %}", 20_000),
    LongSource("", "{% for x in y %}", 20_000), LongSource("", "{% macro m() %}", 10_000),
    LongSource("{% if 0 %}", "{% elif 0 %}", 20_000, "{% endif %}"),
    LongSource("", "{", 50_000), LongSource("", "{%", 50_000), LongSource("", "{#", 50_000),
    LongSource("", "{{ '", 50_000), LongSource("", "{% raw %}", 20_000),
    LongSource("{% raw %}", "{%      ", 20_000), LongSource("{{ 1 ", "\n", 50_000, "}}"),
    LongSource("{% for ", "(", 20_000), LongSource("{{ ", "{1:", 20_000),
    LongSource("{{ 1 is ", "not ", 20_000, "}}"), LongSource("{{ x[", "x[", 20_000),
    LongSource("{% filter upper", "|upper", 20_000, " %}x{% endfilter %}"),
    LongSource("{{ [", "1,", 50_000, "] }}"), LongSource("", "\r", 50_000),
    LongSource("", "{{1}}", 20_000),
  ]

  /// Deep and long sources, which are refused or not, but end.
  @Test(arguments: longSources)
  private func longSourcesEnd(_ source: LongSource) {
    let clock = ContinuousClock()
    let time = clock.measure {
      if let error = Self.refusal(
        source.begin + Self.repeated(source.part, source.count) + source.end)
      {
        #expect(!error.description.contains("\n"))
        #expect(error.description.utf8.count < 400)
      }
    }
    #expect(time < .seconds(30), "took \(time)")
  }

  /// What is left is let go of without a call inside another one for each value.
  @Test func longChainsAreReleased() throws {
    let source = """
      {% set n = namespace() %}{% set n.l = [1] %}{% set n.t = (1,) %}\
      {% for i in range(100000) %}{% set n.l = [n.l] %}{% set n.t = (n.t,) %}{% endfor %}done
      """
    let messages = [ChatMessage(role: "user", content: "Hi")]
    #expect(try ChatTemplate(source).render(Conversation(messages: messages)) == "done")
  }

  /// As deep as a template may call itself, which Python allows too.
  @Test func macrosCallThemselves() throws {
    let source = """
      {% macro m(n) %}{% if n > 0 %}({{ m(n - 1) }}){% endif %}{% endmacro %}{{ m(60) }}
      """
    let text = try ChatTemplate(source).render(Conversation())
    #expect(text == Self.repeated("(", 60) + Self.repeated(")", 60))
  }
}
