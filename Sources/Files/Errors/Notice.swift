/// What a call of the library wants its caller to know beside its result.
public enum Notice: Sendable, Equatable {
  /// How something was understood.
  case note(String)
  /// The result may not be what it seems.
  case warning(String)
}

/// Takes notices, on the thread of the call.
public typealias NoticeHandler = (Notice) -> Void
