import Files

extension JSONSchema {
  /// The members of a schema that accepts what all of these accept.
  /// - Parameters:
  ///   - list: schemas, as `allOf` has them.
  ///   - base: members that stand beside them.
  func merge(_ list: JSONValue, into base: Members, _ place: String) throws(AIGCError) -> Members {
    guard case .array(let schemas) = list, !schemas.isEmpty else {
      throw .badInput("JSON schema, \(place): `allOf` is a list of schemas")
    }
    return try merge(schemas, into: base, place)
  }

  func merge(_ schemas: [JSONValue], into base: Members, _ place: String) throws(AIGCError)
    -> Members
  {
    var (result, work, steps) = (base, schemas, 0)
    while !work.isEmpty {
      steps += 1
      if steps > 1000 {
        throw .badInput("JSON schema, \(place): schemas that refer to each other without end")
      }
      switch work.removeFirst() {
      case .bool(true): continue
      case .bool(false): throw .badInput("JSON schema, \(place): false accepts no value")
      case .object(let all):
        let members = try checked(all, place)
        if case .string(let name)? = members.value("$ref") {
          work.insert(
            contentsOf: [try resolve(name, place), .object(members.without("$ref"))], at: 0)
          continue
        }
        if case .array(let more)? = members.value("allOf") {
          work.insert(contentsOf: [.object(members.without("allOf"))] + more, at: 0)
          continue
        }
        try checkProperties(result, members, place)
        for member in members { try merge(member, into: &result, place) }
      default: throw .badInput("JSON schema, \(place): a schema is an object, true or false")
      }
    }
    return result
  }

  /// A schema that forbids other members is about its own ones only.
  private func checkProperties(
    _ first: Members, _ second: Members, _ place: String
  ) throws(AIGCError) {
    func names(_ members: Members) -> Set<String> {
      guard case .object(let all)? = members.value("properties") else { return [] }
      return Set(all.map { $0.name })
    }
    func isOpen(_ members: Members) -> Bool {
      let schema = members.value("additionalProperties")
      return schema == nil || schema == .bool(true)
    }
    let (left, right) = (names(first), names(second))
    if isOpen(first) || right.isSubset(of: left), isOpen(second) || left.isSubset(of: right) {
      return
    }
    throw .badInput(
      "JSON schema, \(place): `additionalProperties` of one schema forbids members of another that holds, too"
    )
  }

  private func merge(
    _ member: JSONValue.Member, into result: inout Members, _ place: String
  ) throws(AIGCError) {
    guard let index = result.firstIndex(where: { $0.name == member.name }) else {
      result.append(member)
      return
    }
    let own = result[index].value
    if own == member.value { return }
    switch (member.name, own, member.value) {
    case ("properties", .object(var all), .object(let others)):
      for other in others {
        if let known = all.firstIndex(where: { $0.name == other.name }) {
          if all[known].value != other.value {
            all[known].value = .object([.init("allOf", .array([all[known].value, other.value]))])
          }
        } else {
          all.append(other)
        }
      }
      result[index].value = .object(all)
    case ("required", .array(let names), .array(let others)):
      result[index].value = .array(names + others.filter { !names.contains($0) })
    case ("enum", .array(let values), .array(let others)):
      result[index].value = .array(values.filter { others.contains($0) })
    case ("type", _, _): result[index].value = try commonTypes(own, member.value, place)
    case ("additionalProperties", _, .bool(true)): break
    case ("additionalProperties", .bool(true), let schema): result[index].value = schema
    case ("items", _, _), ("additionalProperties", .object, .object):
      result[index].value = .object([.init("allOf", .array([own, member.value]))])
    case ("minimum", _, _), ("exclusiveMinimum", _, _), ("minLength", _, _), ("minItems", _, _):
      if member.value.number ?? 0 > own.number ?? 0 { result[index].value = member.value }
    case ("maximum", _, _), ("exclusiveMaximum", _, _), ("maxLength", _, _), ("maxItems", _, _):
      if member.value.number ?? 0 < own.number ?? 0 { result[index].value = member.value }
    default:
      throw .badInput("JSON schema, \(place): two `\(member.name)` that both hold are not taken")
    }
  }

  private func commonTypes(
    _ first: JSONValue, _ second: JSONValue, _ place: String
  ) throws(AIGCError) -> JSONValue {
    let left = try types([.init("type", first)], place) ?? []
    let right = try types([.init("type", second)], place) ?? []
    var common = left.filter { right.contains($0) }
    // Whole numbers are numbers.
    if !common.contains("integer"), !common.contains("number"),
      left.contains("integer") && right.contains("number")
        || left.contains("number") && right.contains("integer")
    {
      common.append("integer")
    }
    if common.isEmpty { throw .badInput("JSON schema, \(place): `type`: no type is one of both") }
    return .array(common.map { .string($0) })
  }

  // MARK: One of several

  /// `oneOf` holds for a value that one schema accepts and no other does.
  func checkApart(_ schemas: [JSONValue], _ place: String) throws(AIGCError) {
    if schemas.count > 200 {
      throw .badInput("JSON schema, \(place): `oneOf` of more than 200 schemas")
    }
    for (first, schema) in schemas.enumerated() {
      for (second, other) in schemas.enumerated() where first != second {
        if try !isApart(schema, other, place, depth: 0) {
          throw .badInput(
            "JSON schema, \(place): `oneOf`: a value of schema \(first) may be one of schema \(second); write "
              + "`anyOf`, or a `const` by which they differ")
        }
      }
    }
  }

  private func flat(_ schema: JSONValue, _ place: String) throws(AIGCError) -> Members? {
    guard case .object = schema else { return nil }
    let members = try merge([schema], into: [], place)
    return members.contains { ["anyOf", "oneOf"].contains($0.name) } ? nil : members
  }

  /// Whether no value that is written for `first` is one of `second`, as far as is easily seen.
  private func isApart(
    _ first: JSONValue, _ second: JSONValue, _ place: String, depth: Int
  ) throws(AIGCError) -> Bool {
    guard depth < 8, let left = try flat(first, place), let right = try flat(second, place) else {
      return false
    }
    let values = try enumerated(left, place)
    let others =
      right.value("enum") == nil && right.value("const") == nil
      ? nil : try enumerated(right, place)
    if let values, let others { return !values.contains { others.contains($0) } }
    // Only types that are named leave others out.
    let named = right.value("type") == nil ? nil : try types(right, place)
    if let values, let named {
      return !values.contains { value in named.contains { Self.has(value, type: $0) } }
    }
    guard values == nil, let types = try types(left, place) else { return false }
    if let others {
      if !types.contains(where: { type in others.contains { Self.has($0, type: type) } }) {
        return true
      }
    } else if let named {
      let numbers = ["integer", "number"]
      let isShared = types.contains { type in
        named.contains(type) || numbers.contains(type) && named.contains(where: numbers.contains)
      }
      if !isShared { return true }
      return types == ["object"] && named == ["object"]
        ? try areObjectsApart(left, right, place, depth) : false
    }
    return false
  }

  private func areObjectsApart(
    _ left: Members, _ right: Members, _ place: String, _ depth: Int
  ) throws(AIGCError) -> Bool {
    func properties(_ members: Members) -> Members {
      guard case .object(let all)? = members.value("properties") else { return [] }
      return all
    }
    let (own, others) = (properties(left), properties(right))
    let needed = try required(left, place)
    let additional = left.value("additionalProperties")
    let isClosed =
      additional == .bool(false) || additional == nil && left.value("properties") != nil
    if isClosed {
      let written = Set(own.map { $0.name } + needed)
      for name in try required(right, place) where !written.contains(name) { return true }
    }
    for name in needed {
      guard let schema = own.value(name), let other = others.value(name) else { continue }
      if try isApart(schema, other, place, depth: depth + 1) { return true }
    }
    return false
  }
}
