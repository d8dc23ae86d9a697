import Files

/// Searching, parting and joining of strings, counted by the steps that they take.
extension TemplateRenderer {
  /// The places of `part` from front to end, none within another one unless asked for.
  func places(
    of part: TemplateText, in text: TemplateText, limit: Int = .max, overlapping: Bool = false
  ) throws(AIGCError) -> [Int] {
    var result: [Int] = []
    var start = 0
    while result.count < limit, start <= text.count,
      let place = try find(part, in: text, from: start)
    {
      result.append(place)
      start = place + (overlapping ? 1 : max(part.count, 1))
      try budget.allocate(2)
    }
    return result
  }

  /// `start` and `end` of a search, and the string between them.
  func bounded(
    _ text: TemplateText, _ arguments: inout TemplateCall
  ) throws(AIGCError) -> (text: TemplateText, start: Int) {
    let start = try integerIfGiven("start", &arguments)
    let end = try integerIfGiven("end", &arguments)
    if start == nil, end == nil { return (text, 0) }
    func place(_ value: Int?, _ fallback: Int) -> Int {
      guard let value else { return fallback }
      return min(
        max(value < 0 ? value.addingReportingOverflow(text.count).partialValue : value, 0),
        text.count)
    }
    let (from, to) = (place(start, 0), place(end, text.count))
    return (from <= to ? TemplateText(text.scalars[from..<to]) : TemplateText(), from)
  }

  func split(
    _ text: TemplateText, by separator: TemplateText, limit: Int, fromEnd: Bool
  ) throws(AIGCError) -> [TemplateText] {
    if fromEnd {
      let mirrored = TemplateText(text.scalars.reversed())
      let sign = TemplateText(separator.scalars.reversed())
      let parts = try split(mirrored, by: sign, limit: limit, fromEnd: false)
      return parts.reversed().map { TemplateText($0.scalars.reversed()) }
    }
    let places = try places(of: separator, in: text, limit: limit < 0 ? .max : limit)
    var result: [TemplateText] = []
    var start = 0
    for place in places {
      result.append(TemplateText(text.scalars[start..<place]))
      start = place + separator.count
    }
    result.append(TemplateText(text.scalars[start...]))
    return result
  }

  /// - Parameter count: how many at most; negative: all.
  func replaced(
    _ text: TemplateText, _ old: TemplateText, _ new: TemplateText, count: Int
  ) throws(AIGCError) -> TemplateText {
    let places = try places(of: old, in: text, limit: count < 0 ? .max : count)
    let (added, overflow) = places.count.multipliedReportingOverflow(by: new.count)
    try budget.allocate(overflow ? .max : text.count + added)
    var result: [Unicode.Scalar] = []
    var start = 0
    for place in places {
      result += text.scalars[start..<place]
      result += new.scalars
      start = place + old.count
    }
    result += text.scalars[start...]
    return TemplateText(result)
  }

  func joined(_ parts: [TemplateText], by separator: TemplateText) throws(AIGCError) -> TemplateText
  {
    var result: [Unicode.Scalar] = []
    for (index, part) in parts.enumerated() {
      try budget.allocate(part.count + separator.count)
      if index > 0 { result += separator.scalars }
      result += part.scalars
    }
    return TemplateText(result)
  }

  /// `str.center`, which puts the odd space to the left where the width is odd.
  func centered(
    _ text: [Unicode.Scalar], _ format: FormatSpecification
  ) throws(AIGCError) -> [Unicode.Scalar] {
    let missing = max(0, max(0, format.width) - text.count)
    try budget.allocate(missing)
    let left = missing / 2 + (missing & format.width & 1)
    func fill(_ count: Int) -> [Unicode.Scalar] { Array(repeating: format.fill, count: count) }
    return fill(left) + text + fill(missing - left)
  }
}

extension TemplateText {
  /// Parts between runs of white space.
  func words(limit: Int, fromEnd: Bool) -> [TemplateText] {
    if fromEnd {
      let mirrored = TemplateText(scalars.reversed()).words(limit: limit, fromEnd: false)
      return mirrored.reversed().map { TemplateText($0.scalars.reversed()) }
    }
    var result: [TemplateText] = []
    var place = 0
    while true {
      while place < count, scalars[place].isPythonSpace { place += 1 }
      guard place < count else { return result }
      if limit >= 0, result.count == limit {
        return result + [TemplateText(scalars[place...])]
      }
      let start = place
      while place < count, !scalars[place].isPythonSpace { place += 1 }
      result.append(TemplateText(scalars[start..<place]))
    }
  }

  /// Each word's first letter in title case: words are runs of letters that have cases.
  func titlecased() -> TemplateText {
    var result: [Unicode.Scalar] = []
    var isInside = false
    for scalar in scalars {
      let properties = scalar.properties
      result +=
        (isInside ? properties.lowercaseMapping : properties.titlecaseMapping).unicodeScalars
      isInside = properties.isCased
    }
    return TemplateText(result)
  }

  var isUppercase: Bool {
    scalars.contains { $0.properties.isUppercase }
      && !scalars.contains { $0.properties.isLowercase }
  }

  var isLowercase: Bool {
    scalars.contains { $0.properties.isLowercase }
      && !scalars.contains { $0.properties.isUppercase }
  }
}
