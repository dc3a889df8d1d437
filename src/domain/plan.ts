/** What will be done to one name of a target. `keep` and `adopt` write nothing there. */
export interface PlanStep {
  /** In the target; qualified by its object where a place has several (`Secret/app-secrets/DB_PASS`). */
  readonly name: string;
  /** Name of the entry in the source. Absent: as in the target. */
  readonly entry?: string;
  /** The object that the name belongs to, e.g. `Secret/app-secrets`; absent where the place is one. */
  readonly group?: string;
  readonly do: 'create' | 'update' | 'delete' | 'adopt' | 'keep';
  readonly secret: boolean;
  /** e.g. `changed in the target since`. */
  readonly because?: string;
  /** Who wrote what is there, where the target tells and it was not us, e.g. `kubectl-edit`. */
  readonly writer?: string;
  /** Of config, when asked to reveal: what should be there, and what is. */
  readonly wanted?: string;
  readonly found?: string;
}

/** A name that is wanted and stands in the way of its object: it is not ours, or another sync writes it too. */
export interface PlanConflict extends Omit<PlanStep, 'do' | 'because'> {
  readonly because: string;
}

/** Something that reads changed names and will be started anew. */
export interface PlanRestart {
  /** e.g. `Deployment/app`. */
  readonly consumer: string;
  /** Those of the changed names that it reads. */
  readonly names: readonly string[];
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
  /** Problems that keep it (or the objects they name) from being applied, by whomever. */
  readonly problems: readonly string[];
  /** Names that `problems` speak of as not ours. */
  readonly conflicts?: readonly PlanConflict[];
  readonly inAgreement: boolean;
  /** What applying starts anew, where the target can tell. */
  readonly restarts?: readonly PlanRestart[];
}
