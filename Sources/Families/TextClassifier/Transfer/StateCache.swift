import Datasets
import Synchronization

/// The states of texts that were read already: choosing layers, learning and measuring ask for them again.
final class StateCache: Sendable {
  /// By text and place.
  private let known = Mutex<[[UInt8]: [StatePlace: [Float]]]>([:])
  /// Values that are kept: 1 GiB of them.
  private static let most = 1 << 28
  private let count = Atomic<Int>(0)

  /// What is known of a text at a place; nil: nothing.
  func state(_ text: ArraySlice<UInt8>, _ place: StatePlace) -> [Float]? {
    known.withLock { $0[Array(text)]?[place] }
  }

  func keep(_ text: ArraySlice<UInt8>, _ states: [(place: StatePlace, state: [Float])]) {
    let size = states.reduce(0) { $0 + $1.state.count } + text.count / 4
    guard count.add(size, ordering: .relaxed).newValue < Self.most else { return }
    known.withLock { known in
      for (place, state) in states { known[Array(text), default: [:]][place] = state }
    }
  }
}
