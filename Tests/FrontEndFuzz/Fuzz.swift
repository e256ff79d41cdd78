import Foundation

#if FUZZING
  /// What libFuzzer calls with every text that it tries. It changes the files of a corpus, led by which code they reach, and reports what traps,
  /// hangs or takes much memory.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let reading = FrontEnd.read(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(reading.faults.isEmpty, reading.faults.joined(separator: "\n"))
    return 0
  }
#else
  /// Without the fuzzer: reads the files that are named once each, so that what it found can be looked at.
  @main enum Fuzz {
    static func main() {
      for path in CommandLine.arguments.dropFirst() {
        guard let data = FileManager.default.contents(atPath: path) else {
          print("\(path): cannot be read")
          exit(64)
        }
        let reading = FrontEnd.read(Array(data))
        print("\(path): \(reading.isAccepted ? "accepted" : "refused")\n\(reading.messages)", terminator: "")
        if !reading.faults.isEmpty {
          print("faults:\n\(reading.faults.joined(separator: "\n"))")
          exit(70)
        }
      }
    }
  }
#endif
