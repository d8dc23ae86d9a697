import Files
import Testing

@testable import Inference

/// Grammars of JSON schemas. That random texts of them validate, and which schemas are taken, is shown with `jsonschema`
/// in Scripts/benchmarks/constraints.py.
@Suite struct SchemaTests {
  private func check(_ schema: String, _ good: [String], _ bad: [String]) throws {
    let grammar = try JSONSchema.grammar(schema)
    for text in good { #expect(try accepts(grammar, text), "\(schema) \(text)") }
    for text in bad { #expect(try !accepts(grammar, text), "\(schema) \(text)") }
  }

  @Test func objects() throws {
    let schema = """
      {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}, "c": {"type": "null"}},
      "required": ["b"]}
      """
    try check(
      schema,
      [
        #"{"a":1,"b":"x","c":null}"#, #"{"b":"x"}"#, #"{ "a" : -3, "b" : "中\n\u00e9" }"#,
        "{\n  \"b\": \"\"\n}",
      ],
      [
        "{}", #"{"a":1}"#, #"{"b":"x","a":1}"#, #"{"b":"x","d":1}"#, #"{"b":"x",}"#,
        #"{"b":"\ud800"}"#, #"{  "b":""}"#,
      ]
    )
    try check(
      #"{"properties": {"a": {}, "ab": {}}, "additionalProperties": {"type": "boolean"}}"#,
      [#"{}"#, #"{"a":[1],"ab":{},"b":true,"abc":false}"#, #"{"x":true}"#, #"{"a":1}"#],
      [#"{"x":1}"#, #"{"ab":1,"a":1}"#]
    )
    try check(#"{"type": "object"}"#, ["{}", #"{"a":{"b":[1,"x",null]}}"#], ["[]"])
  }

  @Test func arrays() throws {
    try check(
      #"{"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 3}"#,
      ["[true]", "[true, false,true]"], ["[]", "[true,true,true,true]", "[1]"])
    try check(
      #"{"prefixItems": [{"const": 1}, {"const": "a"}]}"#, [#"[1,"a"]"#],
      ["[]", "[1]", #"[1,"a",2]"#])
    try check(#"{"type": "array", "maxItems": 0}"#, ["[]"], ["[1]"])
    try check(
      #"{"prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 2}"#,
      ["[1,2]", "[1,2,2]"],
      ["[1]"])
  }

  @Test func numbers() throws {
    for (low, high) in [
      (0, 9), (7, 123), (-5, 5), (-120, -7), (95, 1005), (0, 0), (-1, 0), (10, 10),
    ] {
      let grammar = try JSONSchema.grammar(
        #"{"type": "integer", "minimum": \#(low), "maximum": \#(high)}"#)
      for value in -1300...1300 {
        #expect(
          try accepts(grammar, "\(value)") == (low...high).contains(value),
          "\(low) \(high) \(value)")
        if value % 100 == 0 { #expect(try !accepts(grammar, "0\(value)")) }
      }
    }
    try check(
      #"{"type": "integer", "exclusiveMinimum": 17}"#, ["18", "99", "100", "123456789"],
      ["17", "9", "0", "-20"])
    try check(#"{"type": "integer", "maximum": 2.5}"#, ["2", "0", "-7777"], ["3", "10", "2.5"])
    try check(
      #"{"type": "number", "minimum": 0, "exclusiveMaximum": 1}"#, ["0", "0.5", "0.000001"],
      ["1", "-0.5", "1.5"])
    try check(
      #"{"type": "number", "minimum": -2, "maximum": 1}"#, ["-2", "-1.5", "-0.5", "0.5", "1"],
      ["-2.5", "1.5", "2"])
    try check(
      #"{"type": "number", "minimum": 0.05, "maximum": 12.5}"#,
      ["0.05", "0.99", "1.00", "9.10", "12.50"],
      ["0.04", "12.51", "-0.10", "00.10", "13.00", "1"])
    try check(
      #"{"type": "number", "exclusiveMinimum": -1.5, "exclusiveMaximum": 0.5}"#,
      ["-1.4", "-0.1", "0.0", "0.4"], ["-1.5", "0.5", "-2.0", "-0.0"])
    try check(
      #"{"type": "number", "minimum": 99.5}"#, ["99.5", "100.0", "12345.6"], ["99.4", "9.9"])
    try check(#"{"type": "number"}"#, ["-0.5e-7", "12", "0"], ["01", "1.", ".5", "+1", "NaN"])
  }

  @Test func strings() throws {
    try check(
      #"{"type": "string", "minLength": 1, "maxLength": 2}"#,
      [#""a""#, #""中😀""#, #""\ud83d\ude00\n""#],
      [#""""#, #""abc""#])
    try check(
      #"{"pattern": "^[A-Z]{2}-\\d+(x|中)?$"}"#, [#""AB-12""#, #""AB-1中""#],
      [#""aB-1""#, #""AB-""#, #""AB-1y""#])
    try check(#"{"pattern": "b"}"#, [#""abc""#, #""b""#], [#""ac""#])
    try check(#"{"pattern": "^[\"\\\\]$"}"#, [#""\"""#, #""\\""#], [#"""""#])
    try check(
      #"{"format": "date"}"#, [#""2024-02-28""#, #""1999-12-31""#],
      [#""2024-02-30""#, #""2024-13-01""#, #""0000-01-01""#, #""2024-04-31""#])
    try check(
      #"{"format": "date-time"}"#, [#""2024-02-28T23:59:59.5+01:00""#, #""2024-01-01T00:00:00Z""#],
      [#""2024-02-28 23:59:59Z""#, #""2024-02-28T24:00:00Z""#])
    try check(
      #"{"format": "uuid"}"#, [#""123e4567-e89b-12d3-a456-426614174000""#],
      [#""123e4567e89b12d3a456426614174000""#])
  }

  @Test func choices() throws {
    try check(
      #"{"enum": ["a", 1, null, {"x": [1.5, "中"]}]}"#, [#""a""#, "1", "null", #"{"x":[1.5,"中"]}"#],
      ["2"])
    try check(#"{"type": ["integer", "null"], "enum": [1, "a", null]}"#, ["1", "null"], [#""a""#])
    try check(
      #"{"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}"#, ["1", #""a""#],
      [#""ab""#, "null"])
    try check(
      #"""
      {"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}, "x": {"type": "null"}}, "required": ["k"]},
      {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}]}
      """#, [#"{"k":"a","x":null}"#, #"{"k":"b"}"#], [#"{"k":"b","x":null}"#])
    try check(
      #"""
      {"allOf": [{"$ref": "#/$defs/a"}, {"properties": {"y": {"type": "null"}}, "required": ["y"]}],
      "$defs": {"a": {"type": "object", "properties": {"x": {"type": "null"}}}}}
      """#, [#"{"y":null}"#, #"{"x":null,"y":null}"#], ["{}", #"{"x":null}"#])
    try check(
      #"""
      {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties":
      {"v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v"]}}}
      """#, [#"{"v":1,"kids":[{"v":2},{"v":3,"kids":[]}]}"#], [#"{"kids":[]}"#])
    try check("true", [#"[{"a":1}, null]"#, "-1.5e3", #""x""#], ["", "tru", "[1 2]"])
  }

  @Test func namesWhatIsNotTaken() throws {
    let deep =
      String(repeating: #"{"items":"#, count: 120) + "true" + String(repeating: "}", count: 120)
    let cases: [(String, String)] = [
      (##"{"type": "integer", "multipleOf": 2}"##, "#: \"multipleOf\" is not taken"),
      (##"{"properties": {"a": {"not": {}}}}"##, "#/properties/a: \"not\" is not taken"),
      (##"{"uniqueItems": true}"##, "\"uniqueItems\" is not taken"),
      (##"{"format": "email"}"##, "`format` \"email\" is not taken"),
      (##"{"$ref": "#/$defs/x"}"##, "leads nowhere"),
      (##"{"$ref": "http://x/y"}"##, "only places in the schema"),
      (##"{"$ref": "#"}"##, "begins with itself"),
      (##"{"allOf": [{"$ref": "#"}]}"##, "without end"),
      (##"{"items": [true]}"##, "a list of them is `prefixItems`"),
      (##"{"oneOf": [{"type": "integer"}, {"type": "number"}]}"##, "`oneOf`: a value of schema 0"),
      (##"{"pattern": "(?=a)b"}"##, "character 2: (? is not taken"),
      (##"{"pattern": "\\bx"}"##, "\\b is not taken"),
      (##"{"pattern": "a", "minLength": 3}"##, "beside `pattern`"),
      ("{\"type\": \"int\"}", "`type` int is none of"),
      (##"{"type": "integer", "minimum": 3, "maximum": 2}"##, "no number lies between"),
      (##"{"type": "number", "minimum": 0.25, "maximum": 0.125}"##, "no number lies between"),
      (##"{"type": "number", "minimum": 0.12345678}"##, "6 decimals"),
      ("[", "JSON schema: byte"),
      ("false", "accepts no value"),
      (##"{"minLength": 3, "maxLength": 2}"##, "`maxLength` 2 is less than"),
      (deep, "grow too many"),
      (
        ##"{"properties": {"x": {"allOf": [{"$ref": "#"}, {"title": "a"}, {"maxItems": 3}]}}}"##,
        "grow too many"
      ),
      (##"{"required": ["a"], "additionalProperties": false}"##, "is forbidden by"),
    ]
    for (schema, message) in cases {
      let error = #expect(throws: AIGCError.self) {
        try ConstraintEngine(
          try JSONSchema.grammar(schema), vocabulary: (0...255).map { [UInt8($0)] })
      }
      #expect(error?.code == .badInput)
      #expect(
        error?.description.contains(message) == true, "\(schema) \(String(describing: error))")
    }
  }
}
