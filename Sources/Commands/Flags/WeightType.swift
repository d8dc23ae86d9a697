import ArgumentParser
import Weights

/// What weights become when a model is quantised, as flags have it.
enum WeightType: String, CaseIterable, ExpressibleByArgument {
  case f16, bf16
  case q80 = "q8_0"
  case q40 = "q4_0"
  case q41 = "q4_1"
  case q4K = "q4_k"
  case q6K = "q6_k"

  var quantizedType: QuantizedType {
    switch self {
    case .f16: .f16
    case .bf16: .bf16
    case .q80: .q80
    case .q40: .q40
    case .q41: .q41
    case .q4K: .q4K
    case .q6K: .q6K
    }
  }

  static var names: String { allCases.map { $0.rawValue }.joined(separator: ", ") }
}
