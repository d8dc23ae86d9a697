import Files
import Inference
import TestSupport

/// The target `template`: chat templates, rendered with messages, tools and a call of one.
struct TemplateFuzz: FuzzSubject {
  private let folder: String
  private let conversation: Conversation

  init(folder: String) throws {
    self.folder = folder
    conversation = try Conversation(
      try JSONValue(
        parsing: try Table(
          Array(
            """
            {"messages": [{"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi é 🌍"}]},
            {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f",
            "arguments": {"a": 1.5, "b": [true, null]}}}]}, {"role": "user", "content": "<b>x</b>"}],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}
            """.utf8))))
  }

  var seeds: [[UInt8]] {
    [
      """
      {%- macro m(a, b=2) -%}{{ a ~ b }}{{ caller() if caller else '' }}{%- endmacro %}
      {% set ns = namespace(n=0, s='x') %}
      {% for message in messages if message.role != 'tool' %}{% set ns.n = ns.n + 1 %}
      {{- '<|im_start|>' + message['role'] + "\\n" }}{{ loop.index0 % 2 }}{{ loop.cycle(1, 2) }}
      {% if message.content is string %}{{ message.content | trim | upper }}
      {% elif message.content is iterable %}{% for p in message.content %}{{ p.text }}{% endfor %}
      {% else %}{% continue %}{% endif %}{% endfor %}{% call m(1) %}c{% endcall %}
      """,
      """
      {{ tools | tojson(indent=2) }}{{ tools[0].function.items() | list }}{{ range(3) | list }}
      {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | list }}
      {{ [3, 1, 2] | sort | reverse | join('-') }}{{ {'b': 1, 'a': (2,)} | dictsort }}
      {{ 'a,b'.split(',')[-1][::-1] }}{{ '%05.2f|%-3s' % (2.5, 'x') }}{{ '{:>{w}}'.format(1, w=5) }}
      {{ strftime_now('%Y-%m-%d') }}{{ 1 if x is not defined else 2 ** 3 // 2 }}
      """,
      """
      {% raw %}{{ x }}{% endraw %}{# c #}{% set l = [] %}{% set _ = l.append(l | length) %}
      {% set block | replace('a', 'b') %}abc{% endset %}{% filter indent(2) %}{{ block }}
      {% endfilter %}{% with q = 1 %}{{ q }}{% endwith %}{% generation %}g{% endgeneration %}
      {% for x in [[1, [2]]] recursive %}{{ loop(x) if x is iterable else x }}{% endfor %}
      {% if messages | length > 9 %}{{ raise_exception('no') }}{% endif %}{{ 'é' * 3 | int }}
      """,
    ].map { Array($0.utf8) }
  }

  var dictionary: [String] {
    [
      "{%", "%}", "{{", "}}", "{#", "#}", "{%-", "-%}", " for x in range(99999) ", "endfor", " ** ",
      " * 99999999999", "[", "]", "(", ")", "{", "| tojson", "| map('upper')", ".append(", "loop",
      "'", "\\\"", " is ", " not ", " if ", " else ", "namespace(", "macro m()", "messages",
      "9223372036854775807", "-1", "1e308", "~", "%", ".format(", "{:99999999}", "recursive",
    ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch] }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: "\(folder)/t.jinja") }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes("\(folder)/t.jinja"), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    let template = try ChatTemplate(file: "\(folder)/t.jinja")
    _ = try template.render(conversation, date: TemplateDate(year: 2026, month: 1, day: 2))
  }
}
