/// Blocks of 256 whose runs have small integers as scales, multiples of the block's own.
///
/// Each run is fitted alone first. Then the block's scale is chosen so that the largest fills its integers, each run
/// tries the integers around its own, and the block's scale is fitted once more to what came out of that.
extension BlockWriter {
  // MARK: Q6_K

  /// Q6_K: 16 runs of 16 integers from -32 to 31, with scales of 8 bits.
  func q6K(_ values: UnsafePointer<Float>) {
    var scales = InlineArray<16, Float>(repeating: 0)
    var largest: Float = 0
    for run in 0..<16 {
      let fit = signedRun(values, run)
      scales[run] = fit.scale(peak: fit.run.peak)
      if scales[run].magnitude > largest.magnitude { largest = scales[run] }
    }
    var block = halfRounded(largest / -128)
    var integers = signedScales(values, scales, block)
    // The block's scale that fits x ≈ block × (integer scale × integer) best.
    let refitted = halfRounded(signedRefit(values, integers, block))
    if block != 0, refitted != 0 {
      for run in 0..<16 { scales[run] = integers[run] * block }
      let others = signedScales(values, scales, refitted)
      if signedError(values, others, refitted) < signedError(values, integers, block) {
        (block, integers) = (refitted, others)
      }
    }
    writeQ6K(values, integers, block)
  }

  @inline(__always)
  private func signedRun(_ values: UnsafePointer<Float>, _ run: Int) -> SymmetricFit {
    SymmetricFit(run: ValueRun(values + 16 &* run, values: 16), levels: 32, trials: 2)
  }

  /// The integers by which `block` comes nearest to the scales, or gives less error beside that.
  private func signedScales(
    _ values: UnsafePointer<Float>, _ scales: InlineArray<16, Float>, _ block: Float
  ) -> InlineArray<16, Float> {
    var integers = InlineArray<16, Float>(repeating: 0)
    if block == 0 { return integers }
    for run in 0..<16 {
      let fit = signedRun(values, run)
      let center = min(max((scales[run] / block).rounded(.toNearestOrEven), -128), 127)
      var least = Float.infinity
      for trial in [center, center - 1, center + 1] where trial >= -128 && trial <= 127 {
        let error = fit.error(block * trial)
        if error < least { (integers[run], least) = (trial, error) }
      }
    }
    return integers
  }

  private func signedError(
    _ values: UnsafePointer<Float>, _ integers: InlineArray<16, Float>, _ block: Float
  ) -> Float {
    var sum: Float = 0
    for run in 0..<16 { sum += signedRun(values, run).error(block * integers[run]) }
    return sum
  }

  private func signedRefit(
    _ values: UnsafePointer<Float>, _ integers: InlineArray<16, Float>, _ block: Float
  ) -> Float {
    var (products, squares): (Float, Float) = (0, 0)
    for run in 0..<16 where block * integers[run] != 0 {
      let fit = signedRun(values, run)
      let (xq, qq) = fit.sums(1 / (block * integers[run]))
      products += integers[run] * xq
      squares += integers[run] * integers[run] * qq
    }
    return squares > 0 ? products / squares : block
  }

  private func writeQ6K(
    _ values: UnsafePointer<Float>, _ scales: InlineArray<16, Float>, _ block: Float
  ) {
    for index in 0..<192 { bytes[index] = 0 }
    for run in 0..<16 {
      let scale = block * scales[run]
      let inverse = scale == 0 ? 0 : 1 / scale
      let (half, quarter, part) = (run >> 3, run >> 1 & 3, 16 &* (run & 1))
      let four = 64 &* half &+ 32 &* (quarter & 1) &+ part
      let two = 128 &+ 32 &* half &+ part
      for index in 0..<16 {
        let bounded = min(max(values[16 &* run &+ index] * inverse, -32), 31)
        let code = UInt8(bounded.rounded(.toNearestOrEven) + 32)
        bytes[four &+ index] |= (code & 0xF) << UInt8(4 &* (quarter >> 1))
        bytes[two &+ index] |= (code >> 4) << UInt8(2 &* quarter)
      }
      bytes[192 &+ run] = UInt8(bitPattern: Int8(scales[run]))
    }
    set(208, half: halfBits(block))
  }

  // MARK: Q4_K

  /// A block's scale and minimum, and the integers by which runs multiply them.
  private struct Lines {
    var scale: Float
    var minimum: Float
    var scales = InlineArray<8, Float>(repeating: 0)
    var minima = InlineArray<8, Float>(repeating: 0)

    @inline(__always)
    func line(_ run: Int) -> AffineFit.Line {
      .init(scale: scale * scales[run], minimum: -(minimum * minima[run]))
    }
  }

  /// Q4_K: 8 runs of 32 integers from 0 to 15, with scales and minima (0 or below) of 6 bits.
  func q4K(_ values: UnsafePointer<Float>) {
    var fitted = Lines(scale: 1, minimum: 1)
    var (scale, minimum): (Float, Float) = (0, 0)
    for run in 0..<8 {
      let line = affineRun(values, run).line()
      fitted.scales[run] = max(line.scale, 0)
      fitted.minima[run] = -line.minimum
      scale = max(scale, fitted.scales[run])
      minimum = max(minimum, fitted.minima[run])
    }
    var lines = lines(
      values, near: fitted, halfRounded(scale / 63), halfRounded(minimum / 63))
    let (newScale, newMinimum) = refit(values, lines)
    let others = self.lines(
      values, near: lines, halfRounded(max(newScale, 0)), halfRounded(max(newMinimum, 0)))
    if error(values, others) < error(values, lines) { lines = others }
    writeQ4K(values, lines)
  }

  @inline(__always)
  private func affineRun(_ values: UnsafePointer<Float>, _ run: Int) -> AffineFit {
    AffineFit(run: ValueRun(values + 32 &* run, values: 32), highest: 15, isFree: false)
  }

  /// Integers for another scale and minimum of the block: those nearest to the runs' lines, or those beside
  /// them where they give less error.
  private func lines(
    _ values: UnsafePointer<Float>, near old: Lines, _ scale: Float, _ minimum: Float
  ) -> Lines {
    var lines = Lines(scale: scale, minimum: minimum)
    for run in 0..<8 {
      let fit = affineRun(values, run)
      let center = old.line(run)
      let scaleInteger = multiple(center.scale, of: scale)
      let minimumInteger = multiple(-center.minimum, of: minimum)
      var least = Float.infinity
      for a in [scaleInteger, scaleInteger - 1, scaleInteger + 1] where a >= 0 && a <= 63 {
        for b in [minimumInteger, minimumInteger - 1, minimumInteger + 1] where b >= 0 && b <= 63 {
          let error = fit.error(.init(scale: scale * a, minimum: -(minimum * b)))
          if error < least { (lines.scales[run], lines.minima[run], least) = (a, b, error) }
        }
      }
    }
    return lines
  }

  /// The nearest integer of 6 bits.
  private func multiple(_ value: Float, of unit: Float) -> Float {
    unit == 0 ? 0 : min((value / unit).rounded(.toNearestOrEven), 63)
  }

  private func error(_ values: UnsafePointer<Float>, _ lines: Lines) -> Float {
    var sum: Float = 0
    for run in 0..<8 { sum += affineRun(values, run).error(lines.line(run)) }
    return sum
  }

  /// The block's scale and minimum that fit x ≈ scale × (integer scale × integer) - minimum × integer minimum
  /// best.
  private func refit(_ values: UnsafePointer<Float>, _ lines: Lines) -> (Float, Float) {
    var (aa, ab, bb, xa, xb): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
    for run in 0..<8 {
      let (a, b) = (lines.scales[run], lines.minima[run])
      let sums = affineRun(values, run).sums(lines.line(run))
      aa += a * a * sums.qq
      ab += a * b * sums.q
      bb += b * b * sums.all
      xa += a * sums.xq
      xb += b * sums.x
    }
    let determinant = aa * bb - ab * ab
    guard determinant > 0 else { return (aa > 0 ? xa / aa : lines.scale, lines.minimum) }
    return ((xa * bb - xb * ab) / determinant, (xa * ab - xb * aa) / determinant)
  }

  private func writeQ4K(_ values: UnsafePointer<Float>, _ lines: Lines) {
    set(0, half: halfBits(lines.scale))
    set(2, half: halfBits(lines.minimum))
    for run in 0..<4 {
      let (high, highMinimum) = (UInt8(lines.scales[run + 4]), UInt8(lines.minima[run + 4]))
      bytes[4 &+ run] = UInt8(lines.scales[run]) | (high >> 4) << 6
      bytes[8 &+ run] = UInt8(lines.minima[run]) | (highMinimum >> 4) << 6
      bytes[12 &+ run] = high & 0xF | (highMinimum & 0xF) << 4
    }
    for pair in 0..<4 {
      let (first, second) = (lines.line(2 &* pair), lines.line(2 &* pair &+ 1))
      let inverse = first.scale == 0 ? 0 : 1 / first.scale
      let otherInverse = second.scale == 0 ? 0 : 1 / second.scale
      let start = values + 64 &* pair
      for index in 0..<32 {
        let low = integer(start[index] - first.minimum, inverse, highest: 15)
        let high = integer(start[index &+ 32] - second.minimum, otherInverse, highest: 15)
        bytes[16 &+ 32 &* pair &+ index] = low | high << 4
      }
    }
  }
}
