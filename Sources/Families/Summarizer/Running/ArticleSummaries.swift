import Datasets
import Files
import Kernels

/// What makes a summary of a text.
public protocol TextSummarizer {
  /// Summarises a text.
  /// - Parameters:
  ///   - text: in UTF-8.
  ///   - query: what is asked of it; nil: nothing known.
  /// - Throws: ``/Files/AIGCError``: interrupted, and what the way of summarising throws.
  func summarize(_ text: Table<UInt8>, query: [UInt8]?) throws(AIGCError) -> Summary
}

extension Summarizer: TextSummarizer {}

extension TextSummarizer {
  /// Summarises a text in memory, maybe an empty one.
  /// - Throws: ``/Files/AIGCError``: as that of a mapped text.
  public func summarize(_ text: [UInt8], query: [UInt8]? = nil) throws(AIGCError) -> Summary {
    guard !text.isEmpty else { return Summary(sentences: [], total: 0) }
    return try summarize(try Table(text), query: query)
  }
}

/// Summarises texts, several at a time.
///
/// - Parameters:
///   - articles: the texts, and what is asked of each.
///   - summarizers: one for each thread; each is used by one thread at a time.
/// - Returns: the summaries in the order of the texts, the same for any number of summarisers.
/// - Throws: ``/Files/AIGCError``: that of the first text that fails.
public func summaries(
  of articles: [(text: [UInt8], query: [UInt8]?)], by summarizers: [any TextSummarizer]
) throws(AIGCError) -> [Summary] {
  let found = ParallelSlots<Result<Summary, AIGCError>>(count: articles.count)
  let (workers, count) = (summarizers.count, articles.count)
  nonisolated(unsafe) let summarizers = summarizers
  parallelFor(workers) { worker in
    for index in stride(from: worker, to: count, by: workers) {
      do throws(AIGCError) {
        let (text, query) = articles[index]
        found.set(index, .success(try summarizers[worker].summarize(text, query: query)))
      } catch {
        found.set(index, .failure(error))
        return
      }
    }
  }
  var result: [Summary] = []
  for index in 0..<count {
    guard let one = found.take(index) else { throw .interrupted }
    result.append(try one.get())
  }
  return result
}
