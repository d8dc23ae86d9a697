import Kernels

extension Tensor {
  /// The orthonormal factor of a tall matrix, without history; see ``/Kernels/orthonormalizeColumns(_:rows:columns:)``.
  public func orthonormalColumns() -> Tensor {
    require(rank == 2 && shape[0] >= shape[1], "orthonormalColumns: the shape \(shape)")
    let output = Storage(count: count)
    output.base.update(from: base, count: count)
    let isDone = orthonormalizeColumns(output.base, rows: shape[0], columns: shape[1])
    require(isDone, "orthonormalColumns: LAPACK refused the matrix")
    return Tensor(output, shape)
  }
}
