import Checkpoints
import Datasets
import Files

extension VocabularyData {
  /// The metadata of a GGUF file that say this: `tokenizer.ggml.…`.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func metadata() throws(AIGCError) -> [(key: String, value: GGUFValue)] {
    var result: [(key: String, value: GGUFValue)] = [("model", .string(model))]
    if let pre { result.append(("pre", .string(pre))) }
    result.append(("tokens", .array(try GGUFArray(tokens.strings))))
    if !scores.isEmpty { result.append(("scores", .array(try GGUFArray(scores)))) }
    result.append(
      ("token_type", .array(try GGUFArray(types.map { Int32(truncatingIfNeeded: $0) }))))
    if merges.count > 0 { result.append(("merges", .array(try GGUFArray(merges.strings)))) }
    for (key, id) in [
      ("bos_token_id", startToken), ("eos_token_id", endToken), ("eot_token_id", endOfTurnToken),
      ("unknown_token_id", unknownToken), ("padding_token_id", paddingToken),
    ] {
      if let id, let number = UInt32(exactly: id) { result.append((key, .uint32(number))) }
    }
    for (key, flag) in [
      ("add_bos_token", addsStart), ("add_eos_token", addsEnd),
      ("add_space_prefix", addsSpacePrefix),
    ] {
      if let flag { result.append((key, .bool(flag))) }
    }
    return result.map { ("tokenizer.ggml.\($0.key)", $0.value) }
  }
}
