import Foundation
import Glibc

/// Why a file could not be replaced: completes "the file x cannot be written: …".
struct FileReplacementFailure: Error {
  var reason: String
}

/// Replaces a file's content in one step, so that a reader, a crash or a full disk never meets half of it.
enum FileReplacement {
  /// - Parameters:
  ///   - path: of the file; a symbolic link is followed, and stays.
  ///   - expected: what the file holds; where it holds something else by now, nothing is done.
  static func replace(_ path: String, expecting expected: [UInt8], with bytes: [UInt8]) throws(FileReplacementFailure) {
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let temporary = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).\(getpid()).new").path
    var attributes = stat()
    guard stat(url.path, &attributes) == 0 else { throw failure() }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure() }
    do throws(FileReplacementFailure) {
      defer { close(descriptor) }
      // The owner can be given only by who may; without that the file becomes that of who formats it, as with any editor.
      _ = fchown(descriptor, attributes.st_uid, attributes.st_gid)
      guard fchmod(descriptor, attributes.st_mode & 0o7777) == 0 else { throw failure() }
      try write(bytes, to: descriptor)
      guard fsync(descriptor) == 0 else { throw failure() }
      guard readFile(url.path) == expected else {
        throw FileReplacementFailure(reason: "it was changed meanwhile")
      }
      guard rename(temporary, url.path) == 0 else { throw failure() }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileReplacementFailure) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + sent, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      sent += count
    }
  }

  private static func failure() -> FileReplacementFailure { FileReplacementFailure(reason: String(cString: strerror(errno))) }
}
