import Files

/// Renders a template's tree. One renderer renders once.
final class TemplateRenderer {
  var budget: TemplateBudget
  private(set) var output: [Unicode.Scalar] = []
  private(set) var scope: TemplateScope
  private let root: TemplateScope
  /// The line of the statement that runs, for messages.
  private(set) var line = 1
  /// What `strftime_now` tells.
  let date: TemplateDate
  private var depth = 0
  /// All that holds values. Each is emptied at the end: values may hold each other in a circle, and a long
  /// chain of them would be let go of by as many calls inside each other.
  private var holders: [AnyObject] = []

  init(date: TemplateDate, budget: TemplateBudget = .init()) {
    (self.date, self.budget) = (date, budget)
    root = TemplateScope(nil)
    scope = root
    holders.append(root)
    for (name, function) in TemplateGlobal.all { root.set(name, .function(function)) }
  }

  /// Where a loop or a macro is left.
  enum Exit {
    case breakLoop, continueLoop
  }

  /// - Parameter values: the names that the template finds.
  /// - Throws: ``/Files/AIGCError``: badInput for what the template does wrong or takes too much of, mismatch for
  ///   what it raises itself, interrupted.
  func render(
    _ statements: [TemplateStatement], _ values: [(String, TemplateValue)]
  ) throws(AIGCError) -> String {
    defer { release() }
    for (name, value) in values { root.set(name, value) }
    // Names that the template sets stand above those that it was given.
    scope = makeScope(root)
    _ = try run(statements)
    return TemplateText(output).string
  }

  private func release() {
    for holder in holders {
      switch holder {
      case let list as TemplateList: list.values = []
      case let dictionary as TemplateDictionary: dictionary.removeAll()
      case let iterator as TemplateIterator: iterator.release()
      case let scope as TemplateScope: scope.release()
      case let function as any TemplateFunction: function.release()
      case let loop as TemplateLoopState:
        (loop.items, loop.scope, loop.lastChanged) = ([], nil, nil)
      default: break
      }
    }
  }

  func error(_ text: String) -> AIGCError {
    .badInput("chat template, line \(line): \(text)")
  }

  // MARK: What is made

  func keep(_ holder: AnyObject, units: Int) throws(AIGCError) {
    try budget.allocate(units)
    holders.append(holder)
  }

  /// Takes care of what holds values until the end.
  func hold(_ holder: AnyObject) { holders.append(holder) }

  private func makeScope(_ parent: TemplateScope?) -> TemplateScope {
    let scope = TemplateScope(parent)
    holders.append(scope)
    return scope
  }

  func makeList(_ values: [TemplateValue]) throws(AIGCError) -> TemplateList {
    let list = TemplateList(values)
    try keep(list, units: 16 + 8 * values.count)
    return list
  }

  func list(_ values: [TemplateValue]) throws(AIGCError) -> TemplateValue {
    .list(try makeList(values))
  }

  func tuple(_ values: [TemplateValue]) throws(AIGCError) -> TemplateValue {
    .tuple(try makeList(values))
  }

  func iterator(_ values: [TemplateValue]) throws(AIGCError) -> TemplateValue {
    let iterator = TemplateIterator(values)
    try keep(iterator, units: 16 + 8 * values.count)
    return .iterator(iterator)
  }

  /// The values of `value` as `step` makes them, one by one when they are asked for.
  func iterator(
    over value: TemplateValue, _ step: @escaping TemplateIterator.Step
  ) throws(AIGCError) -> TemplateValue {
    let iterator: TemplateIterator
    if case .iterator(let source) = value {
      iterator = TemplateIterator(source, step)
    } else {
      // What counts as false has no values here, `None` among them.
      iterator = TemplateIterator(try isTrue(value) ? elements(value) : [], step)
    }
    try keep(iterator, units: 48 + 8 * (length(value) ?? 0))
    return .iterator(iterator)
  }

  func makeDictionary() throws(AIGCError) -> TemplateDictionary {
    let dictionary = TemplateDictionary()
    try keep(dictionary, units: 48)
    return dictionary
  }

  func set(
    _ key: TemplateValue, _ value: TemplateValue, in dictionary: TemplateDictionary
  ) throws(AIGCError) {
    try budget.allocate(32)
    dictionary.set(try self.key(key), key, value)
  }

  func function(_ function: any TemplateFunction) throws(AIGCError) -> TemplateValue {
    try keep(function, units: 32)
    return .function(function)
  }

  func text(_ scalars: [Unicode.Scalar]) throws(AIGCError) -> TemplateValue {
    try budget.allocate(scalars.count + 8)
    return .text(TemplateText(scalars))
  }

  func text(_ text: TemplateText) throws(AIGCError) -> TemplateValue {
    try budget.allocate(text.count + 8)
    return .text(text)
  }

  // MARK: Statements

  /// Runs `body` one level deeper.
  func nested<Result>(_ body: () throws(AIGCError) -> Result) throws(AIGCError) -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateBudget.depth else { throw error("too many calls inside each other") }
    return try body()
  }

  func inScope<Result>(
    _ inner: TemplateScope, _ body: () throws(AIGCError) -> Result
  ) throws(AIGCError) -> Result {
    let outer = scope
    scope = inner
    defer { scope = outer }
    return try body()
  }

  func newScope() throws(AIGCError) -> TemplateScope {
    try budget.allocate(48)
    return makeScope(scope)
  }

  /// What `body` writes, in place of the output.
  func captured(_ body: () throws(AIGCError) -> Void) throws(AIGCError) -> TemplateText {
    let outer = output
    output = []
    defer { output = outer }
    try body()
    return TemplateText(output)
  }

  func run(_ statements: [TemplateStatement]) throws(AIGCError) -> Exit? {
    try nested { () throws(AIGCError) in
      for statement in statements {
        line = statement.line
        try budget.spend()
        if let exit = try run(statement) { return exit }
      }
      return nil
    }
  }

  private func run(_ statement: TemplateStatement) throws(AIGCError) -> Exit? {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let values):
      for value in values { try write(try string(try evaluate(value)).scalars) }
    case .branches(let branches, let otherwise):
      for (condition, body) in branches where try isTrue(try evaluate(condition)) {
        return try run(body)
      }
      return try run(otherwise)
    case .loop(let loop): try run(loop, depth: 0)
    case .set(let target, let value): try assign(try evaluate(value), to: target)
    case .scope(let body): try inScope(try newScope()) { () throws(AIGCError) in _ = try run(body) }
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    default: return try runBlock(statement)
    }
    return nil
  }

  private func runBlock(_ statement: TemplateStatement) throws(AIGCError) -> Exit? {
    switch statement.kind {
    case .setBlock(let target, let filters, let body):
      try assign(try filtered(body, filters), to: target)
    case .filterBlock(let filters, let body):
      try write(try string(try filtered(body, filters)).scalars)
    case .macro(let macro):
      scope.set(macro.name, try function(TemplateMacroFunction(macro, scope)))
    case .callBlock(let callee, let arguments, let caller):
      let value = try evaluate(callee)
      var call = try self.call(named: "the call block", arguments)
      call.named.append(("caller", try function(TemplateMacroFunction(caller, scope))))
      try write(try string(try self.call(value, &call)).scalars)
    case .with(let values, let body):
      let inner = try newScope()
      for (target, expression) in values {
        let value = try evaluate(expression)
        try inScope(inner) { () throws(AIGCError) in try assign(value, to: target) }
      }
      return try inScope(inner) { () throws(AIGCError) in try run(body) }
    case .block(let body):
      // Only names of the whole template are seen within.
      var top = scope
      while let parent = top.parent, parent !== root { top = parent }
      let outer = scope
      scope = top
      defer { scope = outer }
      try inScope(try newScope()) { () throws(AIGCError) in _ = try run(body) }
    case .refused(let name): throw error("{% \(name) %} is not supported")
    default: break
    }
    return nil
  }

  func write(_ text: [Unicode.Scalar]) throws(AIGCError) {
    try budget.allocate(text.count)
    output += text
  }

  private func filtered(
    _ body: [TemplateStatement], _ filters: [TemplateFilter]
  ) throws(AIGCError) -> TemplateValue {
    let inner = try newScope()
    let text = try captured { () throws(AIGCError) in
      try inScope(inner) { () throws(AIGCError) in _ = try run(body) }
    }
    var value = TemplateValue.text(text)
    for filter in filters { value = try apply(filter, to: value) }
    return value
  }

  // MARK: Loops

  /// - Parameter depth: how many recursive calls of the loop are around.
  func run(_ loop: TemplateLoop, depth: Int) throws(AIGCError) {
    try run(loop, over: try evaluate(loop.iterable), depth: depth)
  }

  func run(
    _ loop: TemplateLoop, over iterable: TemplateValue, depth: Int
  ) throws(AIGCError) {
    var items = try elements(iterable)
    if let condition = loop.condition { items = try items.filtered(loop, condition, self) }
    let state = TemplateLoopState(items, depth: depth, loop, loop.isRecursive ? scope : nil)
    try keep(state, units: 32 + 8 * items.count)
    for index in items.indices {
      try budget.spend()
      state.index = index
      let inner = try newScope()
      inner.set("loop", .loop(state))
      let exit = try inScope(inner) { () throws(AIGCError) in
        try assign(items[index], to: loop.target)
        return try run(loop.body)
      }
      if exit == .breakLoop { return }
    }
    guard items.isEmpty else { return }
    try inScope(try newScope()) { () throws(AIGCError) in _ = try run(loop.otherwise) }
  }

  func assign(_ value: TemplateValue, to target: TemplateTarget) throws(AIGCError) {
    switch target {
    case .name(let name): scope.set(name, value)
    case .attribute(let name, let attribute):
      guard case .namespace(let namespace)? = scope.find(name) else {
        throw error("an attribute of \(printable(name)), which is no namespace, cannot be set")
      }
      try budget.allocate(32)
      try checkName(attribute)
      namespace.attributes.set(attribute, value)
    case .tuple(let targets):
      let values = try elements(value)
      guard values.count == targets.count else {
        throw error("\(values.count) values for \(targets.count) names")
      }
      for (value, target) in zip(values, targets) { try assign(value, to: target) }
    }
  }

  /// Attributes of namespaces do not begin with an underscore.
  func checkName(_ name: String) throws(AIGCError) {
    if name.hasPrefix("_") { throw error("a namespace has no attribute \(printable(name))") }
  }
}

extension [TemplateValue] {
  /// The items of a loop that meet its condition.
  fileprivate func filtered(
    _ loop: TemplateLoop, _ condition: TemplateExpression, _ renderer: TemplateRenderer
  ) throws(AIGCError) -> [TemplateValue] {
    var kept: [TemplateValue] = []
    for item in self {
      let inner = try renderer.newScope()
      let isKept = try renderer.inScope(inner) { () throws(AIGCError) in
        try renderer.assign(item, to: loop.target)
        return try renderer.isTrue(try renderer.evaluate(condition))
      }
      if isKept { kept.append(item) }
    }
    return kept
  }
}
