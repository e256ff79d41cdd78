/// What a process does after a take-over, and on the way back: resolve, announce, undo, look, record.
extension Model {
  // MARK: After a take-over

  func resolve(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let executor = state.executors[0]
    guard executor.queue != 0 else {
      next.executors[0].place = Place.close
      return emit(next, ModelStep("has resolved all"), nil)
    }
    // Oldest first, each read again.
    var place = -1
    for other in 0..<Int(state.blockCount) where executor.queue >> UInt8(other) & 1 == 1 {
      if place < 0 || state.blocks[other].id < state.blocks[place].id { place = other }
    }
    let block = state.blocks[place]
    next.executors[0].clear()
    next.executors[0].queue &= ~(1 << UInt8(place))
    if block.state == Stage.intent, block.epoch <= state.resolvedUpTo, bug != .lateIntentAsked {
      markLate(&next, place)
      return emit(next, ModelStep("marks a late block"), nil)
    }
    if block.state == Stage.intent {
      next.executors[0].block = UInt8(place)
      next.executors[0].isRepeat = 1
      next.executors[0].mayHaveActed = 1
      // Without numbers nothing is sent again; where the session is closed, the server says nothing.
      let isSilent = setting.isStandalone || isClosed(state, block.epoch)
      next.executors[0].place = isSilent ? Place.judgeLook : Place.execute
    } else if block.state == Stage.applied, block.announced > 0 {
      next.executors[0].standing = standing(state)
      begin(&next, place)
    }
    emit(next, ModelStep("resolves a block"), nil)
  }

  private func markLate(_ state: inout ModelState, _ place: Int) {
    state.blocks[place].state = Stage.applied
    state.blocks[place].missed = bug == .lateIntentApplied ? 0 : state.blocks[place].mask
  }

  func close(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let executor = state.executors[0]
    next.resolvedUpTo = executor.epoch - 1
    if bug != .higherNumberNotWritten, !setting.isStandalone { next.closedUpTo = executor.epoch - 1 }
    next.executors[0].clear()
    next.executors[0].isResolving = 0
    if setting.isSecondKind, bug != .capturedNotLoaded {
      for other in 0..<Int(state.blockCount) where state.blocks[other].state != Stage.intent {
        next.executors[0].skip |= state.blocks[other].mask & ~state.blocks[other].missed
      }
    }
    switch state.engine {
    case Engine.forward: next.executors[0].place = Place.read
    case Engine.done: next.executors[0].place = Place.idle
    default:
      next.executors[0].place = Place.next
      next.executors[0].standing = standing(state)
    }
    emit(next, ModelStep("closes the sessions before"), nil)
  }

  private func standing(_ state: ModelState) -> UInt8 { bug == .standingIgnored || bug == .standingNotLoaded ? 0 : state.standing }

  // MARK: The way back

  func nextBlock(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    if bug == .restoreFromBackup {
      for d in documents(all) { next.docs[d] = setting.start[Int(d)] }
      return end(next, emit)
    }
    guard let place = state.newest(oldest: bug == .oldestFirst) else { return end(next, emit) }
    let block = state.blocks[place]
    if block.state == Stage.intent {
      if bug == .lateIntentAsked {
        next.executors[0].block = UInt8(place)
        next.executors[0].mayHaveActed = 1
        next.executors[0].isResolving = 1
        next.executors[0].queue = 0
        next.executors[0].place = Place.judgeLook
        return emit(next, ModelStep("asks for a late block"), nil)
      }
      if block.epoch > state.resolvedUpTo, bug == .notResolved {
        next.blocks[place].state = Stage.undone
      } else {
        markLate(&next, place)
      }
      return emit(next, ModelStep("marks a late block"), nil)
    }
    // Blocks that a late process has recorded meanwhile are passed over, and what they left standing is heeded.
    if bug != .standingIgnored, bug != .standingNotLoaded, bug != .standingNotHeeded {
      for other in 0..<Int(state.blockCount) where state.blocks[other].id > block.id {
        next.executors[0].standing |= state.blocks[other].standing | state.blocks[other].gone
      }
    }
    begin(&next, place)
    emit(next, ModelStep("begins to take a block back"), nil)
  }

  private func end(_ state: ModelState, _ emit: Emit) {
    var next = state
    next.executors[0].clear()
    next.executors[0].place = Place.idle
    next.engine = Engine.ended
    emit(next, ModelStep("is rolled back"), isEnd(next) ? complaint(next) : nil)
  }

  /// Begins to take a block back, or goes on with it.
  private func begin(_ state: inout ModelState, _ place: Int) {
    let block = state.blocks[place]
    state.executors[0].block = UInt8(place)
    state.executors[0].seen = block.announced
    if block.announced > 0, bug != .undoneTwice {
      state.executors[0].phase = 1
      state.executors[0].mayHaveActed = 1
      state.executors[0].isRepeat = 1
      if setting.isStandalone || isClosed(state, block.session) {
        state.executors[0].open = block.entries
        state.executors[0].place = setting.isStandalone ? Place.missLook : Place.goOnLook
      } else {
        state.executors[0].place = Place.undo
      }
      return
    }
    var ours = block.applied
    if bug == .onlyNewest {
      for other in 0..<Int(state.blockCount) where state.blocks[other].id > block.id { ours &= ~state.blocks[other].mask }
    }
    let chosen = ours & ~state.executors[0].standing
    state.executors[0].gone = ours & state.executors[0].standing
    state.executors[0].chosen = chosen
    for d in documents(chosen) { state.executors[0].captured[d] = changed(block.before[d]) }
    state.executors[0].place = chosen == 0 ? Place.doubtLook : bug == .undoNotAnnounced ? Place.undo : Place.announce
    if bug == .undoNotAnnounced, chosen != 0 {
      state.blocks[place].entries = chosen
      state.blocks[place].fields = state.executors[0].captured
      state.blocks[place].undoRan = 0
      state.executors[0].isOpen = 1
    }
  }

  /// The announcement; it asserts the one before. `captured` holds the fields to put back, by document.
  func announce(_ state: ModelState, _ index: Int, _ emit: Emit) {
    let executor = state.executors[index]
    let place = Int(executor.block)
    let isFree = state.blocks[place].state == Stage.applied && state.blocks[place].announced == executor.seen
    guard isFree || bug == .recordUnconditional else { return stop(state, index, emit) }
    var next = state
    next.blocks[place].state = Stage.applied
    next.blocks[place].announced += 1
    next.blocks[place].gone |= executor.gone
    if executor.phase != 2 || bug == .undoUnderNewNumber {
      if executor.phase != 2 {
        next.blocks[place].entries = executor.chosen
        next.blocks[place].fields = executor.captured
      }
      next.blocks[place].session = executor.epoch
      next.blocks[place].undoRan = 0
      next.blocks[place].isUndoForgotten = setting.isStandalone ? 1 : 0
    }
    next.executors[index].seen = next.blocks[place].announced
    next.executors[index].clearCommand()
    next.executors[index].isOpen = 1
    next.executors[index].isRepeat = executor.phase == 2 ? 1 : 0
    next.executors[index].mayHaveActed = executor.phase == 2 ? 1 : 0
    next.executors[index].chosen = 0
    next.executors[index].captured = Pair()
    let isRefused = executor.phase == 2 && isClosed(state, next.blocks[place].session)
    if isRefused { next.executors[index].open = next.blocks[place].entries }
    next.executors[index].place = isRefused ? Place.missLook : Place.undo
    emitAfterRequest(next, index, ModelStep("announces an undo"), emit)
  }

  /// Carries out the next statement of an undo, or answers it.
  func undo(_ state: ModelState, _ index: Int, _ emit: Emit) {
    let executor = state.executors[index]
    let place = Int(executor.block)
    let block = state.blocks[place]
    if executor.at >= setting.documents { return undoAnswer(state, index, emit) }
    var next = state
    let d = executor.at
    next.executors[index].at += 1
    guard block.entries >> d & 1 == 1 else { return emit(next, ModelStep("passes over", d), nil) }
    let doc = state.docs[d]
    var result: UInt8 = 0
    var wrong: String?
    if executor.isRepeat == 1, block.isUndoForgotten == 0, block.undoRan >> d & 1 == 1 {
      next.executors[index].retried |= 1 << d
    } else if doc == Doc.gone, bug == .goneBroughtBack {
      next.docs[d] = block.before[d]
    } else if doc == Doc.gone {
      result = 2
    } else if !isFenceOpen(state, index) || isClosed(state, block.session) && index > 0 || !undoGuardHolds(doc, block, d) {
      result = 1
    } else {
      for field in 0..<setting.fields where block.fields[d] >> field & 1 == 1 {
        next.docs[d] = Doc.setting(next.docs[d], field, to: Doc.field(block.before[d], field))
      }
      next.blocks[place].undoRan |= 1 << d
      // As long as nobody remembers it, and it is not recorded, a value like ours counts as ours.
      if block.isUndoForgotten == 0 { next.blocks[place].back[d] |= block.fields[d] }
      if state.standing >> d & 1 == 1 { wrong = "document \(d) was to be left as it is" }
    }
    next.executors[index].results |= result << (2 * d)
    emit(next, ModelStep("executes the undo of", d, next.docs[d]), wrong)
  }

  private func undoGuardHolds(_ doc: UInt8, _ block: ModelBlock, _ d: UInt8) -> Bool {
    bug == .undoWithoutGuard || Doc.difference(doc, post(block.before[d])) & block.fields[d] == 0
  }

  private func undoAnswer(_ state: ModelState, _ index: Int, _ emit: Emit) {
    let mask = state.blocks[Int(state.executors[index].block)].entries
    if index == 0, state.cuts > 0 {
      var next = state
      next.cuts -= 1
      loseAnswer(&next.executors[0])
      emit(next, ModelStep("the answer gets lost"), nil)
    }
    var next = state
    settle(&next.executors[index], mask: mask, place: Place.missLook, look: Place.undoJudgeLook)
    if next.executors[index].place == Place.missLook { afterUndo(&next.executors[index]) }
    emitAfterRequest(next, index, ModelStep("is answered"), emit)
  }

  /// Here only those count that are gone.
  func undoJudgeLook(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let mask = state.blocks[Int(state.executors[0].block)].entries
    var looks = Pair()
    for d in documents(mask) { looks[d] = state.docs[d] == Doc.gone ? 0 : 1 }
    let outcome = judge.settle(state.executors[0], mask: mask, looks: looks)
    next.executors[0].clearCommand()
    next.executors[0].missed = outcome.missed
    next.executors[0].doubt = outcome.doubt
    afterUndo(&next.executors[0])
    emit(next, ModelStep("reads what the answers left open"), nil)
  }

  private func afterUndo(_ executor: inout ModelExecutor) {
    executor.open = executor.missed | executor.doubt
    executor.missed = 0
    executor.doubt = 0
    if executor.open == 0 || bug == .missesNotLooked {
      executor.open = 0
      executor.place = Place.doubtLook
    } else {
      executor.place = executor.phase == 1 ? Place.goOnLook : Place.missLook
    }
  }

  /// An interrupted undo: where a field still stands, the whole is announced again under the same number.
  func goOnLook(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let executor = state.executors[0]
    let block = state.blocks[Int(executor.block)]
    let stands = documents(executor.open).contains { look(state.docs[$0], block.before[$0]) == 2 }
    next.executors[0].phase = stands ? 2 : 0
    if stands { next.executors[0].open = 0 }
    next.executors[0].place = stands ? Place.announce : Place.missLook
    emit(next, ModelStep("looks whether anything still stands"), nil)
  }

  /// Reads the documents of entries that missed: gone, as before, still ours, or the application's.
  func missLook(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let executor = state.executors[0]
    let block = state.blocks[Int(executor.block)]
    next.executors[0].phase = 0
    next.executors[0].open = 0
    for d in documents(executor.open) {
      if state.docs[d] == Doc.gone {
        next.executors[0].gone |= 1 << d
        continue
      }
      let standing = ~Doc.difference(state.docs[d], post(block.before[d])) & changed(block.before[d])
      guard standing != 0 else { continue }
      next.executors[0].chosen |= 1 << d
      next.executors[0].captured[d] = standing
    }
    next.executors[0].place = next.executors[0].chosen == 0 ? Place.doubtLook : Place.announce
    emit(next, ModelStep("looks at what missed"), nil)
  }

  /// Documents in doubt in which a field still is as we would have left it stay.
  func doubtLook(_ state: ModelState, _ index: Int, _ emit: Emit) {
    guard index == 0 else { return }
    var next = state
    let executor = state.executors[0]
    let block = state.blocks[Int(executor.block)]
    for d in documents(block.doubt & ~executor.standing) where look(state.docs[d], block.before[d]) == 2 {
      next.executors[0].left |= 1 << d
    }
    next.executors[0].place = Place.done
    emit(next, ModelStep("looks at what is in doubt"), nil)
  }

  func recordUndone(_ state: ModelState, _ index: Int, _ emit: Emit) {
    let executor = state.executors[index]
    let place = Int(executor.block)
    let isFree = state.blocks[place].state == Stage.applied && state.blocks[place].announced == executor.seen
    guard isFree || bug == .recordUnconditional else { return stop(state, index, emit) }
    var next = state
    next.blocks[place].state = Stage.undone
    next.blocks[place].gone |= executor.gone
    next.blocks[place].standing |= executor.left
    next.listed |= executor.left
    next.executors[index].clear()
    if bug != .standingIgnored { next.executors[index].standing |= executor.left | executor.gone }
    next.executors[index].place = executor.isResolving == 1 ? Place.resolve : Place.next
    emitAfterRequest(next, index, ModelStep("records the undo"), emit)
  }
}
