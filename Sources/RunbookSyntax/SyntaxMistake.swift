/// Turns what libyaml says into what the author most likely did, and how to put it right.
struct SyntaxMistake {
  let file: SourceFile
  let problem: ParserProblem

  var diagnostic: Diagnostic {
    Diagnostic(
      SyntaxCode.malformed, "not valid YAML: \(problem.problem)",
      at: SourcePlace(file: file, range: SourceRange(problem.offset, problem.offset)))
  }
}
