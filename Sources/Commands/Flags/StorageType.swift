import ArgumentParser
import Checkpoints
import Families

/// The types that weights are saved in, as flags have them.
enum StorageType: String, CaseIterable, ExpressibleByArgument {
  case f32, f16, bf16

  var scalarType: ScalarType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    }
  }
}
