import CKernels
import Kernels

/// A convolution over time whose maps keep their largest value only (Collobert et al. 2011, Kim 2014): PyTorch's
/// `conv1d(x, weight, bias).amax(-1)`, each text over so many windows of its own.
///
/// One window of each map has a gradient, so that the way back costs one product of a window for each text and map,
/// and not one for each window. First derivative only: differentiating its gradient stops the program.
/// - Parameters:
///   - x: [batch, steps, channels].
///   - weight: [width, 1, channels, maps], as ``conv2d(_:_:_:stride:padding:mode:)`` takes it.
///   - bias: [maps].
///   - windows: for each text how many windows, from the first on, take part: 1 to steps - width + 1.
/// - Returns: [batch, maps].
public func maxPooledConvolution(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, windows: [Int]
) -> Tensor {
  require(
    x.rank == 3 && weight.rank == 4 && weight.shape[1] == 1 && weight.shape[2] == x.shape[2]
      && bias.shape == [weight.shape[3]] && weight.shape[0] <= x.shape[1]
      && windows.count == x.shape[0],
    "maxPooledConvolution: \(x.shape) with the weight \(weight.shape)")
  let sizes = PooledSizes(x.shape, weight.shape)
  require(
    windows.allSatisfy { (1...sizes.positions).contains($0) },
    "maxPooledConvolution: windows of other texts")
  let maps = conv2d(
    x.detached.reshaped([sizes.batch, sizes.steps, 1, sizes.channels]), weight.detached,
    bias.detached, mode: .exact)
  let (output, places) = sizes.pooled(maps, windows)
  return Tensor(output, [sizes.batch, sizes.maps]).recorded(
    from: [x, weight, bias], keepsOutput: false
  ) { dy, context in
    Tensor.requireFirstOrder(context, "maxPooledConvolution")
    return [
      context.needs(0) ? sizes.inputGradient(dy, context.input(1), places) : nil,
      context.needs(1) ? sizes.weightGradient(dy, context.input(0), places) : nil,
      context.needs(2) ? dy.sum(axis: 0) : nil,
    ]
  }
}

/// The sizes of one such convolution.
private struct PooledSizes: Sendable {
  let batch: Int
  let steps: Int
  let channels: Int
  let width: Int
  let maps: Int
  var positions: Int { steps - width + 1 }
  /// Values of a window.
  var window: Int { width * channels }

  init(_ x: Shape, _ weight: Shape) {
    (batch, steps, channels) = (x[0], x[1], x[2])
    (width, maps) = (weight[0], weight[3])
  }

  /// The largest value of each map, and the window that it is of.
  func pooled(_ values: Tensor, _ windows: [Int]) -> (Storage, places: [Int32]) {
    let output = Storage(count: batch * maps)
    var places = [Int32](repeating: 0, count: batch * maps)
    let (source, target) = (values.base, output.base)
    places.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let chosen = buffer
      parallelRows(batch, positions * maps) { text in
        let (first, best) = (source + text * positions * maps, target + text * maps)
        best.update(from: first, count: maps)
        for position in 1..<max(windows[text], 1) {
          let row = first + position * maps
          for map in 0..<maps where row[map] > best[map] {
            best[map] = row[map]
            chosen[text * maps + map] = Int32(position)
          }
        }
      }
    }
    return (output, places)
  }

  /// Of each text and map the weights of the map, added to its window.
  func inputGradient(_ dy: Tensor, _ weight: Tensor, _ places: [Int32]) -> Tensor {
    let turned = weight.reshaped([window, maps]).permuted([1, 0])
    let output = Storage(count: batch * steps * channels)
    let (source, target, gradient) = (turned.base, output.base, dy.base)
    parallelRows(batch, maps * window) { text in
      let row = target + text * steps * channels
      row.update(repeating: 0, count: steps * channels)
      for map in 0..<maps {
        let value = gradient[text * maps + map]
        if value == 0 { continue }
        let place = row + Int(places[text * maps + map]) * channels
        aigc_axpy(window, value, source + map * window, place)
      }
    }
    return Tensor(output, [batch, steps, channels])
  }

  /// Of each map the windows of all texts, each times its gradient.
  func weightGradient(_ dy: Tensor, _ x: Tensor, _ places: [Int32]) -> Tensor {
    let output = Storage(count: maps * window)
    let (source, target, gradient) = (x.base, output.base, dy.base)
    parallelRows(maps, batch * window) { map in
      let row = target + map * window
      row.update(repeating: 0, count: window)
      for text in 0..<batch {
        let value = gradient[text * maps + map]
        if value == 0 { continue }
        let place = source + (text * steps + Int(places[text * maps + map])) * channels
        aigc_axpy(window, value, place, row)
      }
    }
    return Tensor(output, [maps, window]).permuted([1, 0]).reshaped([width, 1, channels, maps])
  }
}
