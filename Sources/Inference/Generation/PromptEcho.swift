/// Joins a prompt as it was typed to the text that a decoder makes of the tokens after it.
///
/// The decoder also reads the prompt's tokens, to know which spaces and quotes fit; what it makes
/// of them is not shown. Where its text lags behind the prompt (a space typed at the end, a quote
/// held back), the missing part at the start of the continuation is dropped: it is there already.
struct PromptEcho {
  /// What the decoder still owes of the prompt.
  private var owed: ArraySlice<UInt8>
  /// White space at the end of the prompt.
  private let spaces: ArraySlice<UInt8>
  private var held: [UInt8] = []

  /// Starts behind `prompt`, of which the decoder has made `decoded` so far.
  init(prompt: String, decoded: [UInt8]) {
    let typed = Array(prompt.utf8)
    let end = typed.lastIndex { $0 != 32 && !(9...13).contains($0) } ?? -1
    spaces = typed[(end + 1)...]
    owed = typed.starts(with: decoded) ? typed[decoded.count...] : spaces
  }

  /// Whether the decoder's text goes on as it is.
  var isPaid: Bool { owed.isEmpty }

  /// - Returns: The bytes that are not part of the prompt.
  mutating func append(_ bytes: [UInt8]) -> [UInt8] {
    if owed.isEmpty { return bytes }
    held.append(contentsOf: bytes)
    if held.count < owed.count, owed.starts(with: held) { return [] }
    return finish()
  }

  /// What is still held back, at the end of the text.
  mutating func finish() -> [UInt8] {
    let isPaid = held.starts(with: owed)
    let dropped = isPaid ? owed.count : zip(held, spaces).prefix { $0 == $1 }.count
    let rest = Array(held.dropFirst(dropped))
    owed = []
    held = []
    return rest
  }
}
