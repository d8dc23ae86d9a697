/// Candidates as integers whose ascending order is that of ``Candidate/precedes(_:_:)``.
enum SortKey {
  @inline(__always)
  static func encode(_ candidate: Candidate) -> UInt64 {
    // Adding zero turns -0 into 0, which compares equal.
    let bits = (candidate.logit + 0).bitPattern
    let ascending = bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
    return UInt64(~ascending) << 32 | UInt64(UInt32(bitPattern: candidate.id))
  }

  @inline(__always)
  static func decode(_ key: UInt64) -> Candidate {
    let ascending = ~UInt32(truncatingIfNeeded: key >> 32)
    let bits = ascending >> 31 == 1 ? ascending & 0x7FFF_FFFF : ~ascending
    return Candidate(
      id: Int32(bitPattern: UInt32(truncatingIfNeeded: key)), logit: Float(bitPattern: bits))
  }
}
