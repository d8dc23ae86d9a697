/// A result that programs read as JSON and people as text.
public protocol Report: Sendable {
  /// The members of its JSON object.
  var members: [JSONValue.Member] { get }
  /// Lines for people, the last one ended.
  var text: String { get }
}

extension Report {
  /// One member a line, objects indented below their name; null members are left out.
  public var text: String { membersText(members) }
}

/// One member a line, objects indented below their name; null members are left out.
package func membersText(_ members: [JSONValue.Member], indentation: String = "") -> String {
  let width = members.reduce(0) { max($0, Format.columns($1.name)) }
  var text = ""
  for member in members where member.value != .null {
    let name = String(member.name.map { $0 == "_" && indentation.isEmpty ? " " : $0 })
    switch member.value {
    case .object(let inner):
      text += "\(indentation)\(name)\n" + membersText(inner, indentation: indentation + "  ")
    case .string(let value): text += indentation + padded(name, width) + "  \(value)\n"
    default: text += indentation + padded(name, width) + "  \(member.value.text)\n"
    }
  }
  return text
}
