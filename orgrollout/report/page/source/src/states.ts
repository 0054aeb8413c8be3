// How states are told without colour: each has a sign and a word, and the worst is shown first.

export const SIGNS: Record<string, string> = {
  failed: "✗", inoperable: "‼", blocked: "⊘", missing: "○", drifted: "≠", orphaned: "?", outdated: "↻",
  in_progress: "▶", pending: "…", current: "✓", done: "✓", skipped: "–", excluded: "·", waived: "⧖", out_of_scope: "·",
};
export const WORST_FIRST = Object.keys(SIGNS);
export const MEANS: Record<string, string> = {
  current: "has what the manifest says", outdated: "another version, or other parameters",
  pending: "a later part of an open rollout", in_progress: "an operation is under way",
  failed: "the last operation failed", blocked: "a policy, or a failure before it, keeps it from being done",
  missing: "wanted, and there is none", drifted: "a resource was changed by hand",
  inoperable: "CloudFormation cannot work on it", orphaned: "deployed, and no longer wanted",
  skipped: "the account is suspended or being closed", excluded: "the manifest excludes it",
  waived: "accepted for a time: a waiver of the manifest says why",
  out_of_scope: "the manifest does not target it", done: "the rollout has carried it out",
};
export const QUIET = new Set(["current", "done", "skipped", "excluded", "waived", "out_of_scope"]);
