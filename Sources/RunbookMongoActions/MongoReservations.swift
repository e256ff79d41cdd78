import MongoDriver
import RunbookActions

extension MongoTarget {
  /// One document a reservation, inserted in sorted order. What this call inserted is taken back when one of them is another run's.
  public func reserve(run: String, reservations: [String], plan: String) async throws(ActionError) -> ReservationConflict? {
    let collection = RunbookCollections.reservations
    let token = randomToken()
    for reservation in Set(reservations).sorted() {
      let document: BSONDocument = [
        "_id": .string(reservation), "run": .string(run), "plan": .string(plan), "token": .string(token),
      ]
      var isTaken = false
      while !isTaken {
        let present = try await insertOwn([document], into: collection, doing: "reserving '\(reservation)'")
        if present.isEmpty { break }
        // Gone again between the two: it is free.
        guard let holder = try await findOwn(["_id": .string(reservation)], in: collection, doing: "reading a reservation").first else {
          continue
        }
        isTaken = holder["run"]?.string == run
        guard isTaken else {
          try await deleteOwn(["run": .string(run), "token": .string(token)], from: collection, doing: "giving reservations back")
          return ReservationConflict(
            reservation: reservation, run: holder["run"]?.string ?? "", plan: holder["plan"]?.string ?? "")
        }
      }
    }
    return nil
  }

  public func releaseReservations(run: String) async throws(ActionError) {
    try await deleteOwn(["run": .string(run)], from: RunbookCollections.reservations, doing: "giving reservations back")
  }
}
