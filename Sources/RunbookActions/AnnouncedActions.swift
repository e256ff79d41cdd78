/// Actions of format v1 that this room will carry out and does not yet: a plan that uses one loads and is checked in full, running it is refused
/// by name. When an action is built, its implementation takes the descriptor and it leaves this list.
public enum AnnouncedActions {
  public static let all: [ActionDescriptor] = [
    .httpRequest, .httpCheck, .httpProbe, .httpLatency, .metricPrometheus, .manualApprove, .notifyWebhook,
  ]
}
