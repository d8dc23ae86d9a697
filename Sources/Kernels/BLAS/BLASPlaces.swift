import CBLAS
import Files
import Glibc

/// What is set before the first call of OpenBLAS: the kernels for this processor, and one thread, since
/// its own threads would change results with their number, and fight ours.
enum BLASSetup {
  static let isDone: Bool = {
    aigc_choose_blas_core()
    openblas_set_num_threads(1)
    return true
  }()
}

/// How many calls of OpenBLAS may run at a time.
///
/// Each call under way needs a work buffer of some 128 MiB of address space. OpenBLAS maps one more
/// when there is none free, and where the system refuses it asks again for ever. So the buffers are mapped
/// before the first product, as many as there are threads; if none can be had, the process ends in order.
/// Where fewer could be had than there are threads, calls wait for each other.
final class BLASPlaces: @unchecked Sendable {
  /// nil: every thread has a buffer.
  private static let shared = reserve()
  /// OpenBLAS has buffers for so many calls at a time in every build.
  private static let most = 64

  private let free: UnsafeMutablePointer<sem_t>

  private init(_ count: Int) {
    free = .allocate(capacity: 1)
    sem_init(free, 0, UInt32(count))
  }

  /// A place for one call of OpenBLAS, to be left after it; nil where nobody ever waits. Comes before
  /// every call, since it also sets OpenBLAS up. Not to be taken twice by one thread.
  @inline(__always)
  static func take() -> BLASPlaces? {
    guard let shared else { return nil }
    while sem_wait(shared.free) != 0 {}
    return shared
  }

  func leave() { sem_post(free) }

  private static func reserve() -> BLASPlaces? {
    _ = BLASSetup.isDone
    let wanted = min(Threads.count, most)
    let found = aigc_map_blas_buffers(Int32(wanted)) { OutOfMemory.end(Int(aigc_blas_buffer_size)) }
    if found == 0 { OutOfMemory.end(Int(aigc_blas_buffer_size)) }
    // Under a limit there may be none for threads that are asked for later.
    if found == Threads.count, !SystemMemory.isLimited { return nil }
    return BLASPlaces(Int(found))
  }
}
