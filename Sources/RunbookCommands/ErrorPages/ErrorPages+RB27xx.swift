// swift-format-ignore-file
// Made by `make pages` from docs/errors; change it there.

extension ErrorPages {
  static let rb27xx: [String: String] = [
    "RB2701":
      ##"""
      # RB2701: a program cannot be started

      ## Cause

      The program of a step, check or secret is not there, may not be executed, or cannot be given its arguments, or its directory is missing. The message says which. Or what an earlier process of the run had started has not ended, eleven seconds after it was told to. A name without a slash is looked for in the PATH that the program will have; a path begins at the plan's directory, or at `cwd`.

      ## What has already been done

      The program did not run. A step says so before its effect is begun, so the step itself changed nothing.

      ## What to do now

      Set it right and resume or run again.
      """##,
    "RB2702":
      ##"""
      # RB2702: a program ended with an exit status that is not expected

      ## Cause

      `exec.run` and `shell.run` take only the exit statuses of `okExitCodes` (0 by default) for success. The last lines that the program wrote to stderr stand in the message.

      ## What has already been done

      The program ran to its end, and what it did before it failed stands. What follows is the step's `onFailure`: by default the plan is rolled back, this step's `rollback` list included.

      ## What to do now

      See `runbook logs RUN` for what it printed. If the status is no failure, add it to `okExitCodes`; if a program only looks, use `exec.check`, where every status is an observation.
      """##,
    "RB2703":
      ##"""
      # RB2703: a program was ended by a signal

      ## Cause

      Something outside ended the program: a person, the kernel for lack of memory (signal 9), or the program itself by a fault (signals 6 and 11).

      ## What has already been done

      What the program did before that stands. In a step what follows is its `onFailure`; in a check the verdict is `error`.

      ## What to do now

      Find out who sent the signal, and resume or run again.
      """##,
    "RB2704":
      ##"""
      # RB2704: a program was ended at its time limit

      ## Cause

      A program may take as long as `timeout` beside `action` says, 10m by default.

      ## What has already been done

      The program and all that it had started got TERM, and what was left of them after 5 seconds got KILL; nothing of it is running any more. What it did before stands. In a step what follows is its `onFailure`; in a check the verdict is `error`.

      ## What to do now

      See `runbook logs RUN` for what it waited for, or give it a longer `timeout`.
      """##,
    "RB2705":
      ##"""
      # RB2705: a program was ended because a stop was asked for

      ## Cause

      A rollback, a cancel or a limit of the step asked for the end of what was under way.

      ## What has already been done

      The program and all that it had started got TERM, and what was left of them after 5 seconds got KILL. Where the run is rolled back, the step's `rollback` list is carried out.

      ## What to do now

      Nothing, or whatever the run's summary says.
      """##,
    "RB2706":
      ##"""
      # RB2706: the output of a program cannot be read as asked

      ## Cause

      With `parse: json` a program must print one JSON value and nothing else on stdout; the message gives the line and column of the mistake. With `json` and `lines` all of the output must fit into `captureLimit`.

      ## What has already been done

      The program ran to its end, and what it did stands. In a step what follows is its `onFailure`; in a check the verdict is `error`.

      ## What to do now

      Have the program print JSON alone (remarks belong on stderr), raise `captureLimit`, or leave `parse` out.
      """##,
    "RB2707":
      ##"""
      # RB2707: nobody knows what came of a program

      ## Cause

      The process that looks after the run's programs was killed. To leave nothing behind, its programs are killed with it.

      ## What has already been done

      What the program did before that stands, and it is not known how far it came. The step's `onInterrupt` or `probe` decides; by default the run halts and asks a person.

      ## What to do now

      Find out what the program did, then `runbook resume RUN` to do the step again, or `runbook rollback RUN`.
      """##,
    "RB2708":
      ##"""
      # RB2708: a script behind 'via' cannot have an input of its own

      ## Cause

      Where the target has `via`, the shell reads the script of `shell.run` as its standard input, since programs like ssh join arguments and read them again. So `stdin` cannot be used as well.

      ## What has already been done

      The step failed before its effect, so the step itself changed nothing.

      ## What to do now

      Hand the text over by a file or a variable, or run the script as a file by `exec.run`.
      """##,
    "RB2709":
      ##"""
      # RB2709: a program did not answer as it was asked

      ## Cause

      A program that a step asks for its work (`mongodb.transform`) reads lines and answers each with exactly one line, in order, on its standard output. This one ended before it had answered all it was asked, printed more lines than it
      was asked, or a line that is too long. Often a remark for people stands on its standard output instead of its standard error, or it stops reading at the first mistake.

      ## What has already been done

      The program and all that it had started are gone. Nothing of the batch that it was asked last was used; what earlier batches changed stands and is recorded. What follows is the step's `onFailure`.

      ## What to do now

      Let the program answer every line with one line and flush it, print nothing else on its standard output, and go on until its input ends. Then `runbook resume RUN` where the run is halted, or execute anew where it was rolled back.
      """##,
  ]
}
