/// An n-gram that can be a context: 16 bytes, so that a query reads one cache line.
struct ContextNode: BitwiseCopyable, Sendable {
  /// The first n-gram that extends this one; its last is before the next node's first.
  var firstChild: UInt32
  /// This n-gram without its first word, one level down.
  var suffix: UInt32
  /// log10 p(last word | words before).
  var probability: Float
  /// log10 of the weight of the shorter context when a word is not among the children.
  var backoff: Float
}

/// An n-gram of the highest order.
struct LeafNode: BitwiseCopyable, Sendable {
  var suffix: UInt32
  /// log10 p(last word | words before).
  var probability: Float
}

/// The logarithm that stands for probability 0, as in ARPA files.
let logZero: Float = -99
