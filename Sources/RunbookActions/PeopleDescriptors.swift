import RunbookPlan

/// What is known of approvals and messages.
extension ActionDescriptor {
  static let manualApprove = ActionDescriptor(
    name: "manual.approve",
    summary: "Waits until people have approved what the run is about to do, and binds their approval to the digest of the plan.",
    isMutating: false,
    targetType: nil,
    fields: [
      .init("by", .list(.text), required: true, "Who may approve: ids of `people`."),
      .init("minimum", .integer(min: 1), default: "1", "How many of them have to."),
      .init("notInitiator", .boolean, default: "true", "Whether who started the run does not count."),
      .init("expires", .duration, default: "24h", "How long approvals are awaited."),
      .init("onReject", .choice(["halt", "rollback"]), default: "halt", "What follows when somebody rejects."),
      .init("onExpiry", .choice(["halt", "rollback"]), default: "halt", "What follows when the time is over."),
    ],
    outputs: [
      .init("approved", .boolean, "True where enough people approved."),
      .init("by", .list(.text), "Who did."),
      .init("at", .timestamp, "When the last of them did."),
      .init("digest", .text, "The approval digest: of the plan, the params and the program's version."),
    ],
    mainOutput: "approved",
    effectClass: .read,
    example: """
      - id: agreed
        title: The owner of the data agrees to the deletion
        action: manual.approve
        with: { by: [dba], minimum: 1, notInitiator: true, expires: 24h }
      """)

  static let notifyWebhook = ActionDescriptor(
    name: "notify.webhook",
    summary: "Sends a message to a webhook; it may be sent twice where a crash left its outcome unknown.",
    isMutating: false,
    targetType: "http",
    fields: [
      .init("format", .choice(["generic", "slack"]), default: "generic", "Form of the message."),
      .init("text", .text, required: true, "What is said."),
    ],
    outputs: [.init("status", .integer(min: 100, max: 599), "Status of the answer.")],
    mainOutput: "status",
    effectClass: .idempotent,
    example: """
      - id: tell
        action: notify.webhook
        target: chat
        with: { format: slack, text: "Phase 2B is on staging" }
      """)
}
