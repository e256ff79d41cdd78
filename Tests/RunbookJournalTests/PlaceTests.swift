import Foundation
import RunbookJournal
import RunbookPlan
import RunbookTestSupport
import Testing

@Suite struct StateLocationTests {
  @Test func theOptionComesBeforeTheEnvironmentBeforeTheDefault() throws {
    let environment = ["RUNBOOK_STATE": "sqlite:/var/b.db"]
    #expect(try StateLocation.resolve(option: "a.db", environment: environment) == .sqlite(path: "a.db"))
    #expect(try StateLocation.resolve(option: nil, environment: environment) == .sqlite(path: "/var/b.db"))
    #expect(try StateLocation.resolve(option: nil, environment: ["RUNBOOK_STATE": ""]) == .sqlite(path: ".runbook/state.db"))
    #expect(try StateLocation.resolve(option: nil, environment: [:]).directory == ".runbook")
  }

  @Test(arguments: [
    ("sqlite:x/y.db", "x/y.db", "x"), ("sqlite:///x/y.db", "/x/y.db", "/x"), ("sqlite:/y.db", "/y.db", "/"), ("y", "y", "."),
    ("./a b/ü.db", "./a b/ü.db", "./a b"),
  ])
  func addressesAreRead(_ text: String, _ path: String, _ directory: String) throws {
    let location = try StateLocation.parse(text, source: "--state")
    #expect(location == .sqlite(path: path))
    #expect(location.directory == directory)
  }

  @Test(arguments: [
    ("mongodb://u:hunter22@h/", "not built yet"), ("mongodb+srv://h/", "not built yet"), ("postgres://u:hunter22@h/", "'postgres'"),
    ("sqlite:", "missing"), ("", "missing"), ("sqlite:dir/", "missing"), ("sqlite://host/x", "sqlite:PATH"), (":memory:", "a file"),
  ])
  func othersAreRefusedWithoutRepeatingThem(_ text: String, _ part: String) async {
    let error = await journalError { try StateLocation.parse(text, source: "RUNBOOK_STATE") }
    #expect(error?.exitStatus == 64)
    #expect(error?.description.contains(part) == true && error?.description.hasPrefix("RUNBOOK_STATE: ") == true)
    #expect(error?.description.contains("hunter22") == false)
  }
}

@Suite struct ProcessIdentityTests {
  @Test func thisProcessIsAlive() {
    let own = ProcessIdentity.current()
    #expect(own.isAlive && own.pid == ProcessInfo.processInfo.processIdentifier)
    #expect(!own.bootID.isEmpty && !own.pidNamespace.isEmpty && own.startTime > 0)
    #expect(own == ProcessIdentity.current())
    #expect(ProcessIdentity(value: own.value) == own)
    #expect(ProcessIdentity(value: .object(["host": "x"])) == nil)
  }

  @Test func othersAreToldApart() {
    var identity = ProcessIdentity.current()
    identity.startTime += 1
    #expect(identity.liveness == .gone, "the id was given to another process")
    identity = .current()
    identity.pidNamespace = "pid:[1]"
    #expect(identity.liveness == .unknown)
    identity = .current()
    identity.bootID = "another"
    identity.host = "elsewhere"
    #expect(identity.liveness == .unknown)
    identity.bootID = ""
    #expect(identity.liveness == .unknown)
  }

  @Test func anEndedProcessIsGone() async throws {
    let process = try ChildProcess("/bin/sleep", ["60"])
    var identity = ProcessIdentity.current()
    identity.pid = process.pid
    let stat = try String(contentsOfFile: "/proc/\(identity.pid)/stat", encoding: .utf8)
    identity.startTime = try #require(UInt64(stat.split(separator: ")").last?.split(separator: " ")[19] ?? ""))
    #expect(identity.isAlive)
    kill(identity.pid, SIGKILL)
    await process.ended()
    #expect(identity.liveness == .gone)
  }
}

@Suite struct RunLockTests {
  @Test func oneHoldsAndTheOtherIsToldWho() async throws {
    let directory = try TemporaryDirectory()
    #expect(try RunLock.holder(run: "r1", directory: directory.path) == .nobody(last: nil))
    var lock: RunLock? = try RunLock.acquire(run: "r1", directory: directory.path)
    let own = ProcessIdentity.current()
    #expect(lock?.owner == own)
    #expect(await journalError { try RunLock.acquire(run: "r1", directory: directory.path) } == .locked(run: "r1", owner: own))
    #expect(try RunLock.holder(run: "r1", directory: directory.path) == .held(by: own))
    let other = try RunLock.acquire(run: "r2", directory: directory.path)
    #expect(other.run == "r2")
    lock = nil
    #expect(try RunLock.holder(run: "r1", directory: directory.path) == .nobody(last: own))
    lock = try RunLock.acquire(run: "r1", directory: directory.path)
    #expect(lock != nil)
    let mode = try FileManager.default.attributesOfItem(atPath: directory.file("r1.lock"))[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func aNameThatIsNoRunIsRefused() async throws {
    let directory = try TemporaryDirectory()
    for run in ["../x", "", "a b"] {
      #expect(await journalError { try RunLock.acquire(run: run, directory: directory.path) }?.exitStatus == 74)
    }
    #expect(await journalError { try RunLock.acquire(run: "r1", directory: directory.file("missing")) }?.exitStatus == 74)
    #expect(try directory.files().isEmpty)
  }
}
