import CSystem

/// The sine and the cosine of an angle in radians: the same values as `sin` and `cos` of the C library give, from one
/// reduction of the angle.
public func sineAndCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
  var (sine, cosine) = (0.0, 0.0)
  sincos(angle, &sine, &cosine)
  return (sine, cosine)
}
