import RunbookMongoActions

/// What may happen next in every state of the model (docs/online-change.md): the application, the process that leads the run, one that was overtaken,
/// the server. What is concluded from an answer is asked of the program's own judge.
struct Model {
  typealias Place = ModelExecutor.Place
  typealias Stage = ModelBlock.Stage
  typealias Engine = ModelState.Engine

  let setting: ModelCase
  let bug: ModelBug?
  let judge: JudgeTable
  /// What the change makes of each document; `Doc.gone` where it does not need it.
  private let after: [UInt8]
  let all: UInt8
  let everyField: UInt8

  /// Takes what follows, and what is wrong with it.
  typealias Emit = (_ next: ModelState, _ step: ModelStep, _ wrong: String?) -> Void

  init(_ setting: ModelCase, bug: ModelBug? = nil) {
    self.setting = setting
    self.bug = bug
    judge = JudgeTable(bug)
    after = (0..<64).map { setting.change($0) ?? Doc.gone }
    all = setting.documents == 1 ? 1 : 3
    everyField = setting.fields == 1 ? 1 : 3
  }

  var start: ModelState {
    var state = ModelState()
    for (index, doc) in setting.start.enumerated() { state.docs[UInt8(index)] = doc }
    state.ghosts = state.docs
    state.writes = setting.writes
    state.crashes = setting.crashes
    state.losses = setting.losses
    state.cuts = setting.cuts
    state.executors[0] = ModelExecutor(place: Place.read, epoch: 1)
    return state
  }

  func post(_ doc: UInt8) -> UInt8 { doc == Doc.gone ? Doc.gone : after[Int(doc)] }

  /// The fields that an entry with this value before changes.
  func changed(_ before: UInt8) -> UInt8 { Doc.difference(before, post(before)) }

  func documents(_ mask: UInt8) -> [UInt8] { [[], [0], [1], [0, 1]][Int(mask)] }

  func isEnd(_ state: ModelState) -> Bool { state.engine == Engine.ended && state.executorCount == 1 }

  /// What is wrong with an end: a document is not as it would be, had only the application written, it is not listed, and there is no excuse.
  func complaint(_ state: ModelState) -> String? {
    for d in documents(all) where state.listed >> d & 1 == 0 {
      let doc = state.docs[d]
      let ghost = state.ghosts[d]
      if doc == ghost { continue }
      if doc == Doc.gone || ghost == Doc.gone { return "document \(d) is \(doc), and would be \(ghost)" }
      if Doc.difference(doc, ghost) & ~state.excused[d] != 0 { return "document \(d) is \(doc), and would be \(ghost)" }
    }
    // With a record of each statement, only what looks like ours and is the application's can be in doubt.
    let isRecorded = setting.losses == 0 && !setting.isStandalone
    if isRecorded, state.listed & ~state.alike != 0 { return "a document is in doubt although no record was lost" }
    return nil
  }

  func successors(_ state: ModelState, _ emit: Emit) {
    application(state, emit)
    for index in 0..<Int(state.executorCount) { move(state, index, emit) }
    guard state.engine != Engine.ended else { return }
    let leader = state.executors[0]
    let isAtBorder = leader.place == Place.idle || leader.place == Place.read && leader.at == 0 && leader.chosen == 0
    if isAtBorder, state.engine <= Engine.done {
      var next = state
      next.engine = Engine.undoing
      next.executors[0].clear()
      next.executors[0].place = Place.next
      next.executors[0].standing = bug == .standingIgnored ? 0 : state.standing
      emit(next, ModelStep("a rollback begins"), nil)
    }
    if state.crashes > 0 { crash(state, emit) }
    if state.losses > 0, leader.place == Place.execute || leader.place == Place.undo {
      var next = forgetting(state)
      next.losses -= 1
      loseAnswer(&next.executors[0])
      emit(next, ModelStep("the server loses its records and the command under way"), nil)
    }
  }

  // MARK: The application

  private func application(_ state: ModelState, _ emit: Emit) {
    guard state.writes > 0 else { return }
    for d in documents(all) {
      if state.docs[d] == Doc.gone {
        for doc in setting.inserts { write(state, d, doc, fields: everyField, ModelStep("the application inserts", d, doc), emit) }
        continue
      }
      for (field, values) in setting.values.enumerated() {
        for value in values {
          let doc = Doc.setting(state.docs[d], UInt8(field), to: value)
          write(state, d, doc, fields: 1 << UInt8(field), ModelStep("the application writes", d, doc), emit)
        }
      }
      if setting.deletes { write(state, d, Doc.gone, fields: everyField, ModelStep("the application deletes", d), emit) }
    }
  }

  private func write(_ state: ModelState, _ d: UInt8, _ doc: UInt8, fields: UInt8, _ step: ModelStep, _ emit: Emit) {
    var next = state
    next.writes -= 1
    next.docs[d] = doc
    var ghost = state.ghosts[d]
    if doc == Doc.gone || state.docs[d] == Doc.gone {
      ghost = doc
    } else if ghost != Doc.gone {
      for field in 0..<setting.fields where fields >> field & 1 == 1 {
        ghost = Doc.setting(ghost, field, to: Doc.field(doc, field))
      }
    }
    next.ghosts[d] = ghost
    next.written |= 1 << d
    next.excused[d] &= ~fields
    if doc != Doc.gone, looksLikeOurs(doc, fields) { next.alike |= 1 << d }
    if doc != Doc.gone {
      for field in 0..<setting.fields where fields >> field & 1 == 1 && mayStand(state, d, field, Doc.field(doc, field)) {
        next.excused[d] |= 1 << field
      }
    }
    if state.docs[d] == Doc.gone, wasShort(state, d, doc) { next.excused[d] = everyField }
    emit(next, step, nil)
  }

  /// What nobody can see (online-change page): a document of a batch was gone when its statement came, and is put back with exactly our value while
  /// the server has lost its record, so that the gap in the answer is taken for another document that was deleted since.
  private func wasShort(_ state: ModelState, _ d: UInt8, _ doc: UInt8) -> Bool {
    guard setting.documents > 1, setting.losses > 0 || setting.isStandalone else { return false }
    for index in 0..<Int(state.blockCount) {
      let block = state.blocks[index]
      if block.state == Stage.intent, block.mask == 3, block.ran >> d & 1 == 0, doc == post(block.before[d]) { return true }
    }
    return false
  }

  /// Whether one of these fields has a value that the change writes.
  private func looksLikeOurs(_ doc: UInt8, _ fields: UInt8) -> Bool {
    after.contains { $0 != Doc.gone && ~Doc.difference($0, doc) & fields & setting.touched != 0 }
  }

  /// Whether this value of ours may stand in the field: written, not taken back, and not given up.
  private func mayStand(_ state: ModelState, _ d: UInt8, _ field: UInt8, _ value: UInt8) -> Bool {
    guard state.standing >> d & 1 == 0 else { return false }
    for index in 0..<Int(state.blockCount) {
      let block = state.blocks[index]
      guard block.state != Stage.undone, block.ran >> d & 1 == 1, block.back[d] >> field & 1 == 0 else { continue }
      let before = block.before[d]
      if changed(before) >> field & 1 == 1, Doc.field(post(before), field) == value { return true }
    }
    return false
  }

  // MARK: Crashes

  private func crash(_ state: ModelState, _ emit: Emit) {
    let leader = state.executors[0]
    for isLost in [false, true] where !isLost || state.losses > 0 {
      var next = isLost ? forgetting(state) : state
      next.crashes -= 1
      if isLost { next.losses -= 1 }
      next.epoch += 1
      next.executors[0] = successor(of: state, epoch: next.epoch)
      emit(next, ModelStep(isLost ? "the program and the server crash" : "the program crashes"), nil)
      guard setting.overtakes, Int(state.executorCount) < ModelState.mostExecutors, leavesRequest(leader.place) else { continue }
      next.executors[Int(next.executorCount)] = leader
      next.executors[Int(next.executorCount)].isLate = 1
      next.executorCount += 1
      emit(next, ModelStep("the program is overtaken"), nil)
    }
  }

  /// Whether a process at this place may have a request on its way that still means something. A batch's command does not: its fence is closed.
  private func leavesRequest(_ place: UInt8) -> Bool {
    switch place {
    case Place.insert, Place.record, Place.announce, Place.done, Place.blockAfterwards: true
    case Place.execute, Place.undo: bug == .noFence || bug == .notWaitedOut || setting.clocksFallBack
    default: false
    }
  }

  /// Who takes the run over: looks for open blocks first.
  func successor(of state: ModelState, epoch: UInt8) -> ModelExecutor {
    var executor = ModelExecutor(place: Place.resolve, epoch: epoch)
    for index in 0..<Int(state.blockCount) {
      let block = state.blocks[index]
      let isOpen = block.state == Stage.intent || block.state == Stage.applied && block.announced > 0
      if isOpen, bug != .notResolved { executor.queue |= 1 << UInt8(index) }
    }
    executor.isResolving = 1
    return executor
  }

  /// The server has lost its records. Of what was put back and not recorded nobody can tell any more who wrote it last.
  private func forgetting(_ state: ModelState) -> ModelState {
    var next = state
    for index in 0..<Int(state.blockCount) {
      if state.blocks[index].ran != 0 { next.blocks[index].isForgotten = 1 }
      if state.blocks[index].undoRan != 0 { next.blocks[index].isUndoForgotten = 1 }
      guard state.blocks[index].state == Stage.applied, state.blocks[index].undoRan != 0 else { continue }
      let block = state.blocks[index]
      for d in documents(block.undoRan) {
        next.blocks[index].back[d] &= ~block.fields[d]
        guard state.docs[d] != Doc.gone else { continue }
        let equal = ~Doc.difference(state.docs[d], post(block.before[d])) & block.fields[d]
        next.excused[d] |= equal
      }
      next.blocks[index].undoRan = 0
    }
    return next
  }

  /// The answer got lost: the same command again.
  func loseAnswer(_ executor: inout ModelExecutor) {
    executor.at = 0
    executor.results = 0
    executor.retried = 0
    executor.isRepeat = 1
    executor.mayHaveActed = 1
  }
}

/// One step, to be told.
struct ModelStep {
  let words: StaticString
  var document: UInt8?
  var value: UInt8?
  /// By a process that was overtaken.
  var isLate = false

  init(_ words: StaticString, _ document: UInt8? = nil, _ value: UInt8? = nil) {
    self.words = words
    self.document = document
    self.value = value
  }

  var text: String {
    (isLate ? "late: " : "") + "\(words)" + (document.map { " \($0)" } ?? "")
      + (value.map { ": \($0 == Doc.gone ? "gone" : "\($0 & 7)/\($0 >> 3 & 7)")" } ?? "")
  }
}
