/// An expression of a template.
indirect enum TemplateExpression {
  case literal(TemplateValue)
  case name(String)
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  /// `a.name`.
  case attribute(TemplateExpression, String)
  /// `a[key]`.
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, TemplateSlice)
  case call(TemplateExpression, TemplateArguments)
  case filter(TemplateExpression, TemplateFilter)
  case test(TemplateExpression, TemplateFilter)
  case not(TemplateExpression)
  case negative(TemplateExpression)
  case positive(TemplateExpression)
  case arithmetic(TemplateOperator, TemplateExpression, TemplateExpression)
  /// `a ~ b ~ …`.
  case concatenation([TemplateExpression])
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case comparison(TemplateExpression, [(TemplateComparison, TemplateExpression)])
  /// `a if condition else b`.
  case conditional(
    condition: TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

/// `[start:stop:step]`.
struct TemplateSlice {
  var start: TemplateExpression?
  var stop: TemplateExpression?
  var step: TemplateExpression?
}

/// The arguments of a call, a filter or a test.
struct TemplateArguments {
  /// An argument by its place; `*values` where it is spread.
  var positional: [(value: TemplateExpression, isSpread: Bool)] = []
  var named: [(name: String, value: TemplateExpression)] = []
  /// `**values`.
  var spread: TemplateExpression?
}

/// A filter or a test with its arguments.
struct TemplateFilter {
  var name: String
  var arguments = TemplateArguments()
}

/// Operators of two numbers and their like.
enum TemplateOperator: String {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

/// What compares two values.
enum TemplateComparison: String {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case isNotIn = "not in"
}

/// What a value is assigned to.
indirect enum TemplateTarget {
  case name(String)
  /// An attribute of a namespace.
  case attribute(String, String)
  case tuple([TemplateTarget])
}

/// A part of a template, with the line where it begins.
struct TemplateStatement {
  enum Kind {
    case text([Unicode.Scalar])
    case output([TemplateExpression])
    case loop(TemplateLoop)
    case branches([(condition: TemplateExpression, body: [TemplateStatement])], [TemplateStatement])
    case set(TemplateTarget, TemplateExpression)
    case setBlock(TemplateTarget, [TemplateFilter], [TemplateStatement])
    case macro(TemplateMacro)
    case callBlock(TemplateExpression, TemplateArguments, TemplateMacro)
    case filterBlock([TemplateFilter], [TemplateStatement])
    case with([(target: TemplateTarget, value: TemplateExpression)], [TemplateStatement])
    /// Statements with names of their own.
    case scope([TemplateStatement])
    /// `{% block %}`, which sees the names of the whole template only.
    case block([TemplateStatement])
    case breakLoop
    case continueLoop
    /// What is known and not done here, `include` say: an error where it is reached.
    case refused(String)
  }

  var kind: Kind
  var line: Int
}

/// `{% for %}`.
final class TemplateLoop {
  let target: TemplateTarget
  let iterable: TemplateExpression
  let condition: TemplateExpression?
  let isRecursive: Bool
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]

  init(
    target: TemplateTarget, iterable: TemplateExpression, condition: TemplateExpression?,
    isRecursive: Bool, body: [TemplateStatement], otherwise: [TemplateStatement]
  ) {
    (self.target, self.iterable, self.condition) = (target, iterable, condition)
    (self.isRecursive, self.body, self.otherwise) = (isRecursive, body, otherwise)
  }
}

/// `{% macro %}`, or what a call block hands over as `caller`.
final class TemplateMacro {
  let name: String
  let parameters: [(name: String, fallback: TemplateExpression?)]
  let body: [TemplateStatement]
  /// Whether the body names `varargs`, `kwargs` and `caller`, and so takes them.
  let takesPositional: Bool
  let takesNamed: Bool
  let takesCaller: Bool

  init(
    name: String, parameters: [(name: String, fallback: TemplateExpression?)],
    body: [TemplateStatement], names: Set<String>
  ) {
    (self.name, self.parameters, self.body) = (name, parameters, body)
    takesPositional = names.contains("varargs")
    takesNamed = names.contains("kwargs")
    takesCaller = names.contains("caller")
  }
}
