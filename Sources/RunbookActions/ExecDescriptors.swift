import RunbookPlan

/// What is known of the actions that run programs on a machine.
extension ActionDescriptor {
  static let execRun = ActionDescriptor(
    name: "exec.run",
    summary: "Runs a program and waits for its end; an exit status that is not expected fails the step.",
    isMutating: true,
    targetType: "exec",
    fields: [argv] + processFields,
    outputs: processOutputs,
    mainOutput: "exitCode",
    effectClass: .opaque,
    interrupt: .abort,
    inverse: .none,
    example: """
      - id: deploy
        action: exec.run
        timeout: 15m
        with:
          argv: [ ./ops/registry, deploy, staging ]
          env: { API_TOKEN: "${{ secrets.apiToken }}" }
        onInterrupt: rerun
        rollback:
          - id: deploy-previous
            action: exec.run
            with: { argv: [ ./ops/registry, deploy-previous, staging ] }
            onInterrupt: rerun
      """)

  static let execCheck = ActionDescriptor(
    name: "exec.check",
    summary:
      "Runs a program that only looks; every exit status is an observation, and only a program that cannot start or is killed is an error.",
    isMutating: false,
    targetType: "exec",
    fields: [argv] + processFields.filter { $0.name != "okExitCodes" },
    outputs: processOutputs,
    mainOutput: "exitCode",
    effectClass: .read,
    interrupt: .abort,
    example: """
      - id: environment-set
        title: The service's environment variables are set
        action: exec.check
        with: { argv: [ ./ops/registry, check-env, staging ] }
        expect: { equals: 0 }
      """)

  static let shellRun = ActionDescriptor(
    name: "shell.run",
    summary: "Runs a script in a shell; values come in through `env`, since references are refused in the script itself.",
    isMutating: true,
    targetType: "exec",
    fields: [
      .init("run", .text, required: true, "The script, as it stands: it takes no reference."),
      .init(
        "shell", .text, default: "/bin/sh -eu",
        "Program and options that read the script: behind `-c`, or as standard input where the target has `via`."),
    ] + processFields,
    outputs: processOutputs,
    mainOutput: "exitCode",
    effectClass: .opaque,
    interrupt: .abort,
    inverse: .none,
    example: """
      - id: maintenance-page
        action: shell.run
        with:
          run: |
            cp "$PAGE" /srv/www/maintenance.html
          env: { PAGE: ./ops/maintenance.html }
        onInterrupt: rerun
        rollback:
          - id: remove-maintenance-page
            action: shell.run
            with: { run: rm -f /srv/www/maintenance.html }
            onInterrupt: rerun
      """)

  private static let argv = FieldType.Field(
    "argv", .list(.text), required: true, "The program and its arguments, one element each; no shell reads them.")

  private static let processFields: [FieldType.Field] = [
    .init("env", .mapping(.text), "Variables beside PATH, HOME, LANG and TZ; secrets may be referred to."),
    .init("cwd", .text, "Directory to run in, from the plan's own; the target's, or the plan's own, by default."),
    .init("stdin", .text, "What the program reads; nothing by default."),
    .init("okExitCodes", .list(.integer(min: 0, max: 255)), default: "[0]", "Exit statuses that count as success."),
    .init("parse", .choice(["text", "json", "lines"]), default: "text", "Whether `json` or `lines` is made of what the program prints."),
    .init("captureLimit", .size, default: "1MiB", "Most that is kept of each of stdout and stderr: of more the first and the last half."),
  ]

  private static let processOutputs: [Output] = [
    .init("exitCode", .integer(min: 0, max: 255), "The exit status."),
    .init("stdout", .text, "What the program printed, without the last newline; what is no UTF-8 is replaced."),
    .init("stderr", .text, "What it printed as errors and remarks."),
    .init("json", .any, "Its output as a value, with `parse: json`."),
    .init("lines", .list(.text), "Its output line by line, with `parse: lines`."),
    .init("duration", .duration, "How long it ran."),
  ]
}
