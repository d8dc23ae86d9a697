import Files
import Kernels

/// The pieces of text of a generation as they are decided, for callers that wait without a thread:
///
/// ```swift
/// for try await piece in generator.stream() { print(String(decoding: piece.bytes, as: UTF8.self)) }
/// ```
///
/// The generation runs on a thread of its own. It stops when the loop over it ends or its task is
/// cancelled.
public struct TextStream: AsyncSequence, Sendable {
  /// One piece of a sample.
  public typealias Element = Piece

  private let model: any LanguageModel
  private let options: GenerationOptions

  init(_ model: any LanguageModel, _ options: GenerationOptions) {
    (self.model, self.options) = (model, options)
  }

  /// Starts the generation.
  public func makeAsyncIterator() -> AsyncThrowingStream<Piece, any Error>.AsyncIterator {
    let (model, options) = (model, options)
    return AsyncThrowingStream { continuation in
      let cancellation = Cancellation()
      continuation.onTermination = { _ in cancellation.cancel() }
      // A thread of its own: those of tasks are few, and whoever waits for the text needs one.
      let hasThread = startThread {
        do {
          let samples = try cancellation.run {
            try TextGenerator(model: model, options: options).run { continuation.yield($0) }
          }
          let isStopped = samples.last?.reason == .interrupted
          continuation.finish(throwing: isStopped ? AIGCError.interrupted : nil)
        } catch {
          continuation.finish(throwing: error)
        }
      }
      if !hasThread {
        continuation.finish(throwing: AIGCError.failed("no thread to generate on"))
      }
    }.makeAsyncIterator()
  }
}

extension TextGenerator {
  /// The pieces of text as they are decided.
  public func stream() -> TextStream {
    var options = options
    options.seed = .fixed(seed)
    return TextStream(model, options)
  }
}
