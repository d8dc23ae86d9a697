import Autograd
import Files
import Kernels

extension GradientRows {
  /// Operations whose weights stay as they are.
  static var frozen: [GradientRow] {
    let x = Samples.normal([2, 3, 5], 81)
    let (a, b) = (Samples.normal([2, 5], 82), Samples.normal([7, 2], 83))
    let bias = Samples.normal([7], 84)
    let states = Samples.normal([4, 5], 85)
    let targets: [Int32] = [6, -1, 0, 3]
    var rows: [GradientRow] = []
    for layout in [StoredMatrix.Layout.byInput, .byOutput] {
      let values = Samples.normal([35], 86).values
      guard let bytes = try? Table(values).rawBytes,
        let stored = try? StoredMatrix(bytes, type: .f32, layout: layout, inputs: 5, outputs: 7)
      else { return [] }
      let weight = FrozenMatrix(stored)
      rows += [
        GradientRow("adaptedProjection, \(layout)", [x, a, b], hasSecond: false) {
          adaptedProjection($0[0], weight, bias, (a: $0[1], b: $0[2], scale: 0.5))
        },
        GradientRow("adaptedProjection of nothing, \(layout)", [x], hasSecond: false) {
          adaptedProjection($0[0], weight, nil)
        },
      ]
      guard layout == .byOutput else { continue }
      rows += [
        GradientRow("square of frozenCrossEntropy", [states], hasSecond: false) {
          square(frozenCrossEntropy($0[0], weight, targets))
        },
        GradientRow("square of frozenTokenLoss", [states], hasSecond: false) {
          square(
            frozenTokenLoss($0[0], weight, targets) { row, log in
              (Float(row + 1) * log * log, 2 * Float(row + 1) * log)
            })
        },
      ]
    }
    return rows
  }
}
