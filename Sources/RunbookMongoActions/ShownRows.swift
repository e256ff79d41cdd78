import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// The first rows of an answer as outputs: bounded in number and in size, since outputs are stored and shown.
struct ShownRows {
  /// Rows beyond this many bytes are cut off; the first row is always shown.
  private static let mostBytes = 1 << 20

  private(set) var documents: [Value] = []
  private(set) var isCut: Bool

  /// - Parameters:
  ///   - rows: one more than `limit` where there are more.
  init(_ rows: [BSONDocument], limit: Int64) {
    isCut = rows.count > limit
    var bytes = 0
    for row in rows.prefix(Int(limit)) {
      bytes += row.byteCount
      if bytes > Self.mostBytes, !documents.isEmpty {
        isCut = true
        break
      }
      documents.append(.map(MongoValues.map(row)))
    }
  }

  var outputs: ValueMap {
    var outputs: ValueMap = ["count": .integer(Int64(documents.count)), "truncated": .bool(isCut), "documents": .list(documents)]
    if let first = documents.first { outputs["first"] = first }
    return outputs
  }
}

/// Pipelines of actions that only read.
enum ReadingPipeline {
  /// The mistakes of a pipeline as it is written.
  static func review(_ pipeline: Value?) -> [ArgumentProblem] {
    (pipeline?.listValue ?? []).enumerated().compactMap { index, stage in
      guard let writing = writingStage(stage) else { return nil }
      return ArgumentProblem(
        path: ["pipeline", "\(index)", writing], message: "\(writing) writes, and this action only reads",
        help: "mongodb.backup and mongodb.insert write what they read")
    }
  }

  private static func writingStage(_ stage: Value) -> String? { ["$out", "$merge"].first { stage[$0] != nil } }

  /// The stages of the argument `pipeline`.
  static func stages(of call: MongoCall) throws(ActionError) -> [BSONDocument] {
    guard let given = call.context.arguments["pipeline"], let stages = given.listValue else {
      throw call.unfit("pipeline", "takes a list of stages")
    }
    if let writing = stages.compactMap(writingStage).first {
      throw call.unfit("pipeline", "must not hold \(writing): the action only reads")
    }
    return try MongoValues.documents(given, at: "pipeline")
  }
}
