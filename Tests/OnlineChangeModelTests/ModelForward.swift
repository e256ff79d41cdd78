import RunbookMongoActions

/// What a process does on the way forward: read, write ahead, write, record.
extension Model {
  func move(_ state: ModelState, _ index: Int, _ emit: Emit) {
    switch state.executors[index].place {
    case Place.read: read(state, index, emit)
    case Place.insert: insert(state, index, emit)
    case Place.execute: execute(state, index, emit)
    case Place.judgeLook: judgeLook(state, index, emit)
    case Place.record: record(state, index, emit)
    case Place.blockAfterwards: blockAfterwards(state, index, emit)
    case Place.resolve: resolve(state, index, emit)
    case Place.close: close(state, index, emit)
    case Place.next: nextBlock(state, index, emit)
    case Place.announce: announce(state, index, emit)
    case Place.undo: undo(state, index, emit)
    case Place.undoJudgeLook: undoJudgeLook(state, index, emit)
    case Place.goOnLook: goOnLook(state, index, emit)
    case Place.missLook: missLook(state, index, emit)
    case Place.doubtLook: doubtLook(state, index, emit)
    case Place.done: recordUndone(state, index, emit)
    default: break
    }
  }

  /// After a request of an overtaken process nothing more comes of it.
  func emitAfterRequest(_ state: ModelState, _ index: Int, _ step: ModelStep, _ emit: Emit, _ wrong: String? = nil) {
    var next = state
    var step = step
    step.isLate = index > 0
    if index > 0 { next.removeExecutor(index) }
    emit(next, step, wrong)
  }

  /// A record whose condition does not hold: somebody else acts for the run, and this process stops. Another one takes it up.
  func stop(_ state: ModelState, _ index: Int, _ emit: Emit) {
    var next = state
    if index > 0 {
      next.removeExecutor(index)
    } else {
      next.epoch += 1
      next.executors[0] = successor(of: state, epoch: next.epoch)
    }
    emit(next, ModelStep("finds that another process acts, and stops"), nil)
  }

  // MARK: Reading

  private func read(_ state: ModelState, _ index: Int, _ emit: Emit) {
    var next = state
    let executor = state.executors[index]
    if executor.at < setting.documents {
      let d = executor.at
      if d > 0, index == 0, bug == .deadCursorIsTheEnd || state.cuts > 0 { dyingCursor(state, emit) }
      next.written &= ~(1 << d)
      next.executors[index].at += 1
      if needs(state, executor, d) {
        next.executors[index].captured[d] = state.docs[d]
        next.executors[index].chosen |= 1 << d
      }
      emit(next, ModelStep("reads", d, state.docs[d]), nil)
    } else if executor.chosen != 0 {
      next.executors[index].at = 0
      next.executors[index].place = bug == .blockAfterWrite ? Place.execute : Place.insert
      next.executors[index].isOpen = 1
      emit(next, ModelStep("has a batch"), nil)
    } else {
      next.executors[index].clear()
      next.executors[index].place = Place.idle
      next.engine = Engine.done
      emit(next, ModelStep("has found nothing and is done"), leftBehind(state, executor))
    }
  }

  private func needs(_ state: ModelState, _ executor: ModelExecutor, _ d: UInt8) -> Bool {
    guard post(state.docs[d]) != Doc.gone else { return false }
    return !setting.isSecondKind || executor.skip >> d & 1 == 0
  }

  /// A cursor that dies makes its pass begin again.
  private func dyingCursor(_ state: ModelState, _ emit: Emit) {
    var next = state
    guard bug != .deadCursorIsTheEnd else {
      next.executors[0].at = setting.documents
      emit(next, ModelStep("the cursor dies, and that counts as the end"), nil)
      return
    }
    next.cuts -= 1
    next.executors[0].at = 0
    next.executors[0].chosen = 0
    next.executors[0].captured = Pair()
    emit(next, ModelStep("the cursor dies"), nil)
  }

  /// What is wrong with an end of the way forward: a document needs the change that nobody has written since it was read.
  private func leftBehind(_ state: ModelState, _ executor: ModelExecutor) -> String? {
    for d in documents(all & ~state.written) where needs(state, executor, d) { return "document \(d) was left behind" }
    return nil
  }

  // MARK: Writing ahead, writing, recording

  private func insert(_ state: ModelState, _ index: Int, _ emit: Emit) {
    var next = state
    guard let place = addBlock(&next, of: state.executors[index]) else { return }
    next.executors[index].block = place
    next.executors[index].place = Place.execute
    emitAfterRequest(next, index, ModelStep("writes the block"), emit)
  }

  private func addBlock(_ state: inout ModelState, of executor: ModelExecutor) -> UInt8? {
    guard Int(state.blockCount) < ModelState.mostBlocks else { return nil }
    var counter: UInt8 = 1
    for other in 0..<Int(state.blockCount) where state.blocks[other].epoch == executor.epoch {
      counter = max(counter, state.blocks[other].id & 15 + 1)
    }
    let place = Int(state.blockCount)
    state.blockCount += 1
    state.blocks[place].id = executor.epoch << 4 | counter
    state.blocks[place].mask = executor.chosen
    state.blocks[place].before = executor.captured
    state.blocks[place].isForgotten = setting.isStandalone ? 1 : 0
    state.blocks[place].isUndoForgotten = state.blocks[place].isForgotten
    return UInt8(place)
  }

  private func blockAfterwards(_ state: ModelState, _ index: Int, _ emit: Emit) {
    var next = state
    guard let place = addBlock(&next, of: state.executors[index]) else { return }
    let executor = state.executors[index]
    next.blocks[Int(place)].ran = executor.chosen & ~executor.missed
    next.blocks[Int(place)].state = Stage.applied
    next.blocks[Int(place)].missed = executor.missed
    next.executors[index].clear()
    next.executors[index].place = Place.read
    emitAfterRequest(next, index, ModelStep("writes the block afterwards"), emit)
  }

  /// Whether a command of this process still acts. That of an overtaken one comes after its time.
  func isFenceOpen(_ state: ModelState, _ index: Int) -> Bool {
    let executor = state.executors[index]
    if index == 0 { return executor.isOpen == 1 }
    if bug == .noFence { return true }
    if bug == .notWaitedOut { return state.executors[0].place != Place.idle && state.resolvedUpTo < executor.epoch }
    return setting.clocksFallBack && state.resolvedUpTo >= executor.epoch
  }

  /// The server closes a session to what is older than the number that a successor wrote.
  func isClosed(_ state: ModelState, _ session: UInt8) -> Bool { session <= state.closedUpTo }

  /// Carries out the next statement, or answers the command.
  private func execute(_ state: ModelState, _ index: Int, _ emit: Emit) {
    let executor = state.executors[index]
    if executor.at >= setting.documents { return answer(state, index, emit) }
    var next = state
    let d = executor.at
    next.executors[index].at += 1
    let isLateBlock = bug == .blockAfterWrite
    let block = isLateBlock ? ModelBlock(mask: executor.chosen, before: executor.captured) : state.blocks[Int(executor.block)]
    guard block.mask >> d & 1 == 1 else { return emit(next, ModelStep("passes over", d), nil) }
    let doc = state.docs[d]
    var result: UInt8 = 0
    var wrong: String?
    if !isLateBlock, executor.isRepeat == 1, block.isForgotten == 0, block.ran >> d & 1 == 1 {
      next.executors[index].retried |= 1 << d
    } else if doc == Doc.gone {
      result = 2
    } else if !isFenceOpen(state, index) || !guardHolds(doc, block.before[d]) || !isLateBlock && isClosed(state, block.epoch) {
      result = 1
    } else {
      next.docs[d] = written(doc, block.before[d])
      if !isLateBlock { next.blocks[Int(executor.block)].ran |= 1 << d }
      if next.docs[d] != post(doc) { wrong = "document \(d) was \(doc) and became \(next.docs[d])" }
      // Where the application has written, nothing of ours is in effect any more.
      if setting.isSecondKind, doc != state.ghosts[d] { wrong = "document \(d) was changed twice" }
    }
    next.executors[index].results |= result << (2 * d)
    emit(next, ModelStep("executes the statement of", d, next.docs[d]), wrong)
  }

  private func guardHolds(_ doc: UInt8, _ before: UInt8) -> Bool {
    if bug == .noGuard { return true }
    return Doc.difference(doc, before) & (bug == .inputsNotGuarded ? setting.touched : everyField) == 0
  }

  private func written(_ doc: UInt8, _ before: UInt8) -> UInt8 {
    var doc = doc
    let made = post(before)
    for field in 0..<setting.fields where setting.touched >> field & 1 == 1 { doc = Doc.setting(doc, field, to: Doc.field(made, field)) }
    return doc
  }

  /// The answer of a command that was carried out: judged, or lost.
  private func answer(_ state: ModelState, _ index: Int, _ emit: Emit) {
    if index == 0, state.cuts > 0 {
      var next = state
      next.cuts -= 1
      loseAnswer(&next.executors[0])
      emit(next, ModelStep("the answer gets lost"), nil)
      if setting.clocksFallBack == false {
        next.executors[0].isOpen = 0
        emit(next, ModelStep("the answer gets lost, and the time is over"), nil)
      }
    }
    var next = state
    let executor = state.executors[index]
    let mask = bug == .blockAfterWrite ? executor.chosen : state.blocks[Int(executor.block)].mask
    settle(&next.executors[index], mask: mask, place: Place.record, look: Place.judgeLook)
    if bug == .blockAfterWrite, next.executors[index].place == Place.record {
      let nothing = next.executors[index].missed == executor.chosen
      next.executors[index].place = nothing ? Place.read : Place.blockAfterwards
      if nothing { next.executors[index].clear() }
    }
    emitAfterRequest(next, index, ModelStep("is answered"), emit)
  }

  /// Asks the judge; goes to `place` with the outcome, to `look` where documents have to be read, or sends the same command again.
  func settle(_ executor: inout ModelExecutor, mask: UInt8, place: UInt8, look: UInt8) {
    switch judge.take(&executor, mask: mask) {
    case .settled(let missed, let doubt):
      executor.clearCommand()
      executor.missed = missed
      executor.doubt = doubt
      executor.place = place
    case .sendAgain:
      if setting.isStandalone {
        executor.place = look
      } else {
        executor.at = 0
        executor.results = 0
        executor.retried = 0
        executor.isRepeat = 1
      }
    case .read: executor.place = look
    }
  }

  /// Reads the documents that the answers left open.
  private func judgeLook(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let executor = state.executors[index]
    let block = state.blocks[Int(executor.block)]
    var looks = Pair()
    for d in documents(block.mask) { looks[d] = look(state.docs[d], block.before[d]) }
    let outcome = judge.settle(executor, mask: block.mask, looks: looks)
    next.executors[index].clearCommand()
    next.executors[index].missed = outcome.missed
    next.executors[index].doubt = outcome.doubt
    next.executors[index].place = Place.record
    emit(next, ModelStep("reads what the answers left open"), nil)
  }

  /// 0 gone, 1 no changed field is ours, 2 at least one is.
  func look(_ doc: UInt8, _ before: UInt8) -> UInt8 {
    if doc == Doc.gone { return 0 }
    let equal = ~Doc.difference(doc, post(before)) & changed(before)
    return bug == .doubtByAllFields ? (equal == changed(before) ? 2 : 1) : equal != 0 ? 2 : 1
  }

  private func record(_ state: ModelState, _ index: Int, _ emit: Emit) {
    let executor = state.executors[index]
    let place = Int(executor.block)
    let isFree = state.blocks[place].state == Stage.intent
    guard isFree || bug == .recordUnconditional else { return stop(state, index, emit) }
    var next = state
    next.blocks[place].state = Stage.applied
    next.blocks[place].missed = bug == .outcomeNotRecorded ? 0 : executor.missed
    next.blocks[place].doubt = executor.doubt
    if bug == .doubtIgnored { next.blocks[place].doubt = 0 }
    if bug == .doubtAsMissed {
      next.blocks[place].missed |= executor.doubt
      next.blocks[place].doubt = 0
    }
    if setting.isSecondKind { next.executors[index].skip |= next.blocks[place].mask & ~next.blocks[place].missed }
    next.executors[index].clear()
    next.executors[index].place = executor.isResolving == 1 ? Place.resolve : Place.read
    emitAfterRequest(next, index, ModelStep("records the outcome"), emit)
  }
}
