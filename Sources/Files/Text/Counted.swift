/// A number with its noun: "1 token", "2 tokens", "1 class", "3 classes".
/// - Parameters:
///   - count: the number.
///   - noun: in the singular.
///   - plural: where an s does not make it.
public func counted(_ count: Int, _ noun: String, plural: String? = nil) -> String {
  "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
