import RunbookActions
import RunbookMongoActions

/// Every action that the program has.
enum TestCatalog {
  static let whole = ActionCatalog(
    actions: FlowActions.all() + ProgramActions.all(ProgramRunning(programs: Programs())) + MongoActions.all(),
    announced: AnnouncedActions.all)
}
