import Datasets
import Files

/// Checks what all tokenizers promise: the bytes of the ids are the text, ranges follow.
func roundTrips(_ tokenizer: any Tokenizer, _ text: [UInt8]) throws -> Bool {
  let table = try Table(text)
  let ids = try tokenizer.encode(table, name: "t")
  let ranges = try tokenizer.ranges(of: table, name: "t")
  let parts = zip(ids, ranges).map { (tokenizer.bytes(of: $0), Array(text[$1])) }
  return ids.flatMap { tokenizer.bytes(of: $0) } == text && ids.count == ranges.count
    && parts.allSatisfy { $0 == $1 }
    && ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }
}

func decode(_ tokenizer: any Tokenizer, _ ids: [Int32]) -> String {
  var decoder = tokenizer.makeDecoder()
  let text = ids.flatMap { decoder.append($0) } + decoder.finish()
  return String(decoding: text, as: UTF8.self)
}
