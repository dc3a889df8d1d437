/** What will be done to one name of a target. `keep` and `adopt` write nothing there. */
export interface PlanStep {
  readonly name: string;
  readonly do: 'create' | 'update' | 'delete' | 'adopt' | 'keep';
  readonly secret: boolean;
  /** e.g. `changed in the target since`. */
  readonly because?: string;
}

/** What a sync would do to its target now, name by name, without values. The same code makes it and applies it. */
export interface Plan {
  readonly sync: string;
  readonly revision: number;
  readonly target: string;
  readonly at: string;
  readonly steps: readonly PlanStep[];
  /** Names in the place that are not ours and stay as they are. */
  readonly foreign: readonly string[];
  /** What applying also puts right in the place itself, e.g. `mode is 0644, expected 0600`, and what is odd there and stays. */
  readonly remarks: readonly string[];
  /** Why the loop waits for a person, who may go on by `apply`; e.g. many names would vanish. */
  readonly held?: string;
  /** Problems that keep it from being applied, by whomever. */
  readonly problems: readonly string[];
  readonly inAgreement: boolean;
}
