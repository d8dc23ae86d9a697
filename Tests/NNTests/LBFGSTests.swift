import Testing

@testable import NN

@Suite struct LBFGSTests {
  /// A quadratic with a condition of ten thousand.
  @Test func quadraticsAreSolved() throws {
    let scales = (0..<20).map { 1 + Double($0) * Double($0) * 30 }
    var search = LBFGS()
    search.tolerance = 1e-9
    let (x, value) = try search.minimize(from: [Double](repeating: 0, count: 20)) { x, gradient in
      var sum = 0.0
      for index in x.indices {
        let distance = x[index] - Double(index)
        gradient[index] = scales[index] * distance
        sum += scales[index] * distance * distance / 2
      }
      return sum
    }
    #expect(value < 1e-9)
    for index in x.indices { #expect(abs(x[index] - Double(index)) < 1e-5) }
  }

  /// Rosenbrock's valley, from its usual start.
  @Test func valleysAreFollowed() throws {
    var search = LBFGS()
    (search.iterations, search.tolerance) = (200, 1e-10)
    let (x, _) = try search.minimize(from: [-1.2, 1]) { x, gradient in
      let (a, b) = (1 - x[0], x[1] - x[0] * x[0])
      gradient = [-2 * a - 400 * x[0] * b, 200 * b]
      return a * a + 100 * b * b
    }
    #expect(abs(x[0] - 1) < 1e-5 && abs(x[1] - 1) < 1e-5)
  }
}
