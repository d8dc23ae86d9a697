import Files

/// Several texts of one model that go forward together, while texts join and leave: what a server does
/// for its callers. A model that reads its weights once for all takes hardly longer for eight texts than
/// for one (``LanguageModel/readsInBatches``), and each text's scores are those that it would have alone.
///
/// One caller at a time.
public struct SessionGroup {
  /// A text of the group.
  public struct Member: Hashable, Sendable {
    fileprivate let number: Int
  }

  private let model: any LanguageModel
  private var members: [Member] = []
  private var sessions: [any GenerationSession] = []
  private var next = 0

  /// - Parameter model: of all texts.
  public init(_ model: any LanguageModel) { self.model = model }

  /// How many texts there are.
  public var count: Int { members.count }

  /// Adds a text.
  /// - Parameters:
  ///   - prompt: its tokens so far.
  ///   - session: at the start of a text, or where it stands; nil: a new one of the model.
  public mutating func join(
    _ prompt: [Int32] = [], session: (any GenerationSession)? = nil
  ) -> Member {
    var session = session ?? model.makeSession()
    if !prompt.isEmpty { session.append(contentsOf: prompt) }
    let member = Member(number: next)
    next += 1
    members.append(member)
    sessions.append(session)
    return member
  }

  /// Takes a text out.
  /// - Returns: its session; nil for one that left before.
  @discardableResult
  public mutating func leave(_ member: Member) -> (any GenerationSession)? {
    guard let place = members.firstIndex(of: member) else { return nil }
    members.remove(at: place)
    return sessions.remove(at: place)
  }

  /// Moves a text on by one token.
  /// - Throws: ``/Files/AIGCError`` (usage) for a text that left.
  public mutating func append(_ token: Int32, to member: Member) throws(AIGCError) {
    try sessions[place(of: member)].append(token)
  }

  /// Computes the scores of all texts, in one pass where the model can.
  /// - Returns: for each text, in the order in which they joined, the scores of all tokens.
  /// - Throws: ``/Files/AIGCError``: badInput when damaged weights give scores that are no numbers; interrupted.
  public mutating func step() throws(AIGCError) -> [(member: Member, scores: [Float])] {
    try Interruption.check()
    model.read(&sessions)
    var result: [(member: Member, scores: [Float])] = []
    for place in sessions.indices {
      var scores: [Float] = []
      sessions[place].scores(into: &scores)
      guard sessions[place].areScoresFinite else { throw model.scoreDamage }
      result.append((members[place], scores))
    }
    return result
  }

  private func place(of member: Member) throws(AIGCError) -> Int {
    if let place = members.firstIndex(of: member) { return place }
    throw .usage("the text left the group")
  }
}
