import Files

/// Float32 values to blocks of few bits. Each block depends on its own values only and every sum is taken in
/// one order, so that the bytes are the same for any number of threads and on any machine.
extension BlockType {
  /// The types that values are turned to. Q5_0 stands in where rows are no whole blocks of 256.
  public static let encodable: [BlockType] = [.q80, .q40, .q41, .q50, .q4K, .q6K]

  /// The largest value that is turned: what scales in half precision hold.
  public static let largestValue: Float = 65504

  /// Values that one task turns at least.
  private static let encodedAtOnce = 1 << 13

  /// Whole blocks of `values`, on several threads.
  /// - Parameters:
  ///   - values: row after row; rows are whole blocks.
  ///   - name: of the tensor, for messages.
  /// - Throws: ``/Files/AIGCError``: mismatch when the values are no whole blocks, or the type is not one of
  ///   ``encodable``; badInput when a value is not a number, infinite or beyond ±65504; failed when the
  ///   system refuses memory.
  public func encode(_ values: Table<Float>, name: String) throws(AIGCError) -> Table<UInt8> {
    guard let size = byteCount(of: values.count) else {
      throw .mismatch(
        "tensor \(printable(name)): \(values.count) values are no whole blocks of \(rawValue)")
    }
    guard Self.encodable.contains(self) else {
      let known = Self.encodable.map { $0.rawValue }.joined(separator: ", ")
      throw .mismatch("\(rawValue) is read and not written; written are: \(known)")
    }
    try Self.checkRange(values, name: name)
    let output = try MutableTable<UInt8>(count: size)
    let blocks = values.count / self.values
    values.withUnsafeBuffer { source in
      output.withUnsafeMutableBuffer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (source, target)
        parallelBlocks(blocks, size: Self.encodedAtOnce / self.values) { first, end in
          for block in first..<end {
            encode(from + block * self.values, to: BlockWriter(bytes: to + block * bytes))
          }
        }
      }
    }
    return output.frozen()
  }

  private func encode(_ values: UnsafePointer<Float>, to writer: BlockWriter) {
    switch self {
    case .q80: writer.q8(values)
    case .q40: writer.symmetric(values, levels: 8)
    case .q50: writer.symmetric(values, levels: 16)
    case .q41: writer.q41(values)
    case .q4K: writer.q4K(values)
    case .q6K: writer.q6K(values)
    case .q51, .q2K, .q3K, .q5K, .iq4NL, .iq4XS: break
    }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when a value is not a number, infinite or beyond ±65504.
  package static func checkRange(
    _ values: Table<Float>, name: String, largest: Float = largestValue
  ) throws(AIGCError) {
    let isSound = values.reduce(values.indices, into: true) { $0 = $0 && $1.magnitude <= largest }
    guard isSound else {
      throw .badInput(
        "tensor \(printable(name)): a value is not a number, infinite or beyond "
          + "±\(largest == largestValue ? "65504" : "3.39e38"); such weights are not quantised")
    }
  }
}

/// One block's bytes, to be written.
struct BlockWriter {
  let bytes: UnsafeMutablePointer<UInt8>

  @inline(__always)
  func set(_ offset: Int, half bits: UInt16) {
    bytes[offset] = UInt8(truncatingIfNeeded: bits)
    bytes[offset &+ 1] = UInt8(truncatingIfNeeded: bits >> 8)
  }
}

// MARK: Blocks of 32

extension BlockWriter {
  /// Q8_0: the peak becomes 127 or -127. Halves are rounded away from 0, as GGML does.
  func q8(_ values: UnsafePointer<Float>) {
    let scale = ValueRun(values, values: 32).peak.magnitude / 127
    let inverse = scale == 0 ? 0 : 1 / scale
    set(0, half: halfBits(scale))
    for index in 0..<32 {
      let value = values[index] * inverse
      // An inverse may be infinite: of a scale that is 0 in half precision.
      let integer = value.magnitude <= 127.5 ? value.rounded(.toNearestOrAwayFromZero) : 0
      bytes[2 &+ index] = UInt8(bitPattern: Int8(min(max(integer, -127), 127)))
    }
  }

  /// Q4_0 and Q5_0: integers from -levels to levels - 1.
  func symmetric(_ values: UnsafePointer<Float>, levels: Float) {
    let run = ValueRun(values, values: 32)
    let fit = SymmetricFit(run: run, levels: levels, trials: 4)
    let peak = run.peak
    var best = halfRounded(peak / -levels)
    var leastError = fit.error(best)
    var scale = fit.scale(peak: peak)
    for _ in 0..<2 {
      let rounded = halfRounded(scale)
      let error = fit.error(rounded)
      if error < leastError { (best, leastError) = (rounded, error) }
      if rounded == 0 { break }
      scale = fit.refit(rounded)
    }
    let inverse = best == 0 ? 0 : 1 / best
    set(0, half: halfBits(best))
    let isQ5 = levels == 16
    if isQ5 { for index in 2..<6 { bytes[index] = 0 } }
    let start = isQ5 ? 6 : 2
    for index in 0..<16 {
      let low = integer(values[index], inverse, levels)
      let high = integer(values[index &+ 16], inverse, levels)
      bytes[start &+ index] = low & 0xF | (high & 0xF) << 4
      if isQ5 {
        let shift = UInt8(truncatingIfNeeded: index & 7)
        bytes[2 &+ index / 8] |= (low >> 4) << shift
        bytes[4 &+ index / 8] |= (high >> 4) << shift
      }
    }
  }

  /// The nearest integer from -levels to levels - 1, plus `levels`.
  @inline(__always)
  private func integer(_ value: Float, _ inverse: Float, _ levels: Float) -> UInt8 {
    let bounded = min(max(value * inverse, -levels), levels - 1)
    return UInt8(bounded.rounded(.toNearestOrEven) + levels)
  }

  /// Q4_1: minimum + scale × integers from 0 to 15.
  func q41(_ values: UnsafePointer<Float>) {
    let run = ValueRun(values, values: 32)
    let fit = AffineFit(run: run, highest: 15, isFree: true)
    var best = rounded(fit.span)
    var leastError = fit.error(best)
    var line = fit.line()
    for _ in 0..<2 {
      let trial = rounded(line)
      let error = fit.error(trial)
      if error < leastError { (best, leastError) = (trial, error) }
      line = fit.refit(trial)
    }
    let inverse = best.scale == 0 ? 0 : 1 / best.scale
    set(0, half: halfBits(best.scale))
    set(2, half: halfBits(best.minimum))
    for index in 0..<16 {
      let low = integer(values[index] - best.minimum, inverse, highest: 15)
      bytes[4 &+ index] =
        low | integer(values[index &+ 16] - best.minimum, inverse, highest: 15) << 4
    }
  }

  @inline(__always)
  private func rounded(_ line: AffineFit.Line) -> AffineFit.Line {
    AffineFit.Line(scale: halfRounded(line.scale), minimum: halfRounded(line.minimum))
  }

  /// The nearest integer from 0 to `highest`.
  @inline(__always)
  func integer(_ value: Float, _ inverse: Float, highest: Float) -> UInt8 {
    UInt8(min(max(value * inverse, 0), highest).rounded(.toNearestOrEven))
  }
}
