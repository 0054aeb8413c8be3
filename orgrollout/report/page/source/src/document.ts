// The document as it is embedded in the page: texts once, rows as numbers in columns.

export interface Wave { wave: number; name: string; accounts: number; allowed_failures?: number; status?: string }
export interface Operation {
  id: string; wave: number; stack_set: string; action: string; attempt: number; status: string;
  started: string | null; ended: string | null; succeeded: number | null; failed: number | null;
  cancelled: number | null; skipped: number | null; planned: number;
}
export interface Cause {
  class: string; reason: string; stack_sets: string[]; instances: number; accounts: number; named: string[];
  organizational_units: Record<string, number>; later_accounts: number; advice: string;
  example: { stack_set: string; account: string; region: string; reason: string };
}
export type Where = [number[], number[]]; // runs of accounts, Regions
export interface Rollout {
  rollout: string; outcome: string; phase: string; note: string; created: string | null; ended: string | null;
  begun_by: string | null; waits: string[]; waves: Wave[]; operations: Operation[];
  causes: Cause[]; retried: Cause[]; overcome: Cause[];
  planned: { stack_set: number; wave: number; action: string; where: Where }[];
  failed_in: { operation: string; class: string; reason: string; where: Where[] }[];
  left: { planned: number; state: string; reason: string; where: Where[] }[]; // a later one says more
}
export interface Finding {
  stack_set: number; account: number; region: number; what: string; type: string; id: string; path: string;
  verdict: string; reason: string; expected: string; actual: string; looked: string | null;
  first_seen: string | null; came_back: number;
}
export interface Past {
  stack_set: number; account: number; region: number; what: string; kind: string; first_seen: string | null;
  last_seen: string | null; repaired: string | null; repaired_by: string; gone: string | null; came_back: number;
}
export interface Changed { old: string | null; new: string | null }
export interface Plan {
  summary: Record<string, number>; unchanged: number; is_empty: boolean; fingerprint: string;
  stack_sets: { stack_set: string; name: string; change: string; differences: string[];
    changes: { template?: string; parameters?: Record<string, Changed>; tags?: Record<string, Changed> } }[];
  operations: { wave: number; stack_set: string; action: string; reason: string; accounts: number;
    regions: string[]; instances: number }[];
  waves: Wave[]; skipped: { account: string; account_name: string; reason: string }[]; warnings: string[];
}
type Column = "account" | "stack_set" | "region" | "state" | "reason" | "drift" | "posture" | "operation"
  | "drift_since" | "posture_since";
export interface Document {
  format_version: number; kind: "manifest" | "rollout"; name: string; organization: string; home_region: string;
  made: string; summary: Record<string, number>; not_checked: string[];
  sum: { stack_set: string; accounts: number; regions: number; besides: number }[];
  units: { name: string[]; parent: number[] };
  accounts: { id: string[]; name: string[]; unit: number[]; state: number[] };
  account_states: string[];
  texts: Record<Exclude<Column, "account">, string[]>;
  rows: Record<Column, number[]>;
  rollouts: Rollout[]; more_rollouts: number;
  drift: null | { stack_sets: { stack_set: string; instances: number; unknown: number; detected: string | null;
    repaired_since: number }[]; total: number; findings: Finding[]; not_checked: string[] };
  history: Past[]; more_history: number; plan: Plan | null; plan_refused: string; commands: { what: string; command: string }[];
  notes: string[];
}
