/**
 * Typed plain records: everything in the state that is not an entry. Each noun is a map from name to
 * record; a change sets or removes one whole record, and the fold needs to know no more than that.
 */
import type { Kind } from './entry.ts';
import type { Path } from './path.ts';
import type { PrincipalName } from './principal.ts';

/** A declared first-level folder. Named by its segment. */
export interface Project {
  readonly owner?: string;
  readonly description?: string;
}

/** A declared second-level folder. Named `<project>/<environment>`. */
export interface Environment {
  /** Another environment of the same project, by its segment. */
  readonly extends?: string;
  readonly defaultKind: Kind;
  readonly description?: string;
}

/** Named rules. `text` is the source as written; compiling it again is always possible. */
export interface Policy {
  readonly grammar: 'plumb';
  readonly text: string;
}

/** Who may act. Named `<kind>/<name>`. */
export interface Principal {
  readonly policies: readonly string[];
  readonly disabled: boolean;
  readonly description?: string;
}

/** What happens on drift. */
export type SyncMode = 'repair' | 'report' | 'once' | 'paused';
export const syncModes: readonly SyncMode[] = ['repair', 'report', 'once', 'paused'];

/** A declared wish: these paths, evaluated, kept in this target. */
export interface SyncSpec {
  /** The folder whose evaluated direct entries (own and inherited) are delivered. */
  readonly from: string;
  /** Name of a target. */
  readonly target: string;
  /** Where in the target, in the target's own terms; a relative file name for the file target. */
  readonly at: string;
  readonly runAs: PrincipalName;
  readonly mode: SyncMode;
  /** What only the target's type understands (for a file: `block`, `fileMode`). JSON-safe. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Counts the changes of the spec; status says which one it is about. */
  readonly generation: number;
  /** Nothing is looked at or written meanwhile; mode and generation stay as they are. */
  readonly pause?: SyncPause;
}
export interface SyncPause {
  /** Milliseconds since the epoch, when it ends by itself. Absent: until somebody resumes it. */
  readonly until?: number;
  readonly reason: string;
  readonly by: PrincipalName;
}

/** A place that can be kept equal. What it may make the server do stands in the server's own configuration. */
export interface TargetRecord {
  /** e.g. `file`. */
  readonly type: string;
  readonly description?: string;
}

/** How a target follows its objects: one watch for each name, or one for each namespace and kind. */
export const targetWatches = ['names', 'namespaces'] as const;
export type TargetWatch = (typeof targetWatches)[number];

/** A target that was added over the API. Its credential is an entry of kind secret, changed together with it. */
export interface StoredTarget extends TargetRecord {
  /** `https://host[:port][/path]`. */
  readonly server: string;
  /** PEM. Absent: the authorities that the server's process trusts. */
  readonly ca?: string;
  /** The name that the certificate of `server` is to carry, if another one. */
  readonly serverName?: string;
  /** Of the kubeconfig that it was made from. */
  readonly context?: string;
  /** Where its rights are looked at unless somebody asks about other ones. */
  readonly namespaces: readonly string[];
  readonly watch: TargetWatch;
  readonly credential: Path;
  /** Counts the changes of the record and of the credential. */
  readonly generation: number;
}

/** The nouns of the truth stream and their records. Targets of the server's configuration are not among them. */
export interface TruthNouns {
  readonly project: Project;
  readonly environment: Environment;
  readonly policy: Policy;
  readonly principal: Principal;
  readonly sync: SyncSpec;
  readonly target: StoredTarget;
}

/** A bearer credential, named by its accessor; the secret itself is only known to who holds it. */
export interface TokenRecord {
  readonly principal: PrincipalName;
  /** SHA-256 of the token, base64url. */
  readonly hash: string;
  /** If present, only these of the principal's policies apply. */
  readonly policies?: readonly string[];
  readonly created: number;
  readonly expires?: number;
  /** Uses left; absent: unlimited. */
  readonly uses?: number;
  /** Accessor of the token that made it; revoking that one revokes this. */
  readonly parent?: string;
  readonly description?: string;
}

/** What we wrote to a target: one record per sync. */
export interface InventoryRecord {
  /** Which place the names stand in: what we wrote to another one is not ours in this. Absent: nothing was written yet. */
  readonly place?: string;
  /** Per name in the target. `intent` is set before a write and cleared after it; recovery accepts either. */
  readonly names: Readonly<Record<string, InventoryItem>>;
  /** What has to be started anew for what was written, by consumer; noted with the intent, removed when it runs. */
  readonly restarts?: Readonly<Record<string, RestartItem>>;
  /** A restart failed and the values of `to` were put back in place of those of `from`, until a person applies. */
  readonly heldBack?: HeldBack;
}
export interface HeldBack {
  readonly from: number;
  readonly to: number;
  /** What failed, for people. */
  readonly because: string;
}
export interface RestartItem {
  /** Hash of what the consumer reads: a restart for the same contents is made once. */
  readonly mark: string;
  /** What was delivered, and what was before. */
  readonly revision: number;
  readonly before?: number;
  readonly state: 'pending' | 'rolling' | 'failed';
  /** For people, of a failed one. */
  readonly message?: string;
}
export interface InventoryItem {
  /** Keyed fingerprint of what we last confirmed, with the target's own mark. Absent: never confirmed. */
  readonly confirmed?: Fingerprint;
  /** What we are about to write; `null`: about to delete. */
  readonly intent?: Fingerprint | null;
  /** Name of the entry in the source. Absent: as in the target. */
  readonly entry?: string;
}
/** HMAC of the value under a key of the keyring, base64url. */
export type Fingerprint = string;

export const conditionTypes = ['InSync', 'Drifted', 'Conflict', 'Paused', 'Stalled', 'Held', 'Error'] as const;
export type ConditionType = (typeof conditionTypes)[number];
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'true' | 'false' | 'unknown';
  /** One CamelCase word for programs. */
  readonly reason: string;
  /** For people; never a value. */
  readonly message: string;
  /** When `status` last changed. */
  readonly since: number;
}
export interface SyncStatus {
  readonly generation: number;
  readonly conditions: readonly Condition[];
  /** The revision the target was last in agreement with. */
  readonly appliedRevision?: number;
  readonly appliedAt?: number;
  /** The generation of the spec that it was last in agreement with: tells `once` that it is done. */
  readonly appliedGeneration?: number;
  /** Names that agree, and names that should. */
  readonly agree: number;
  readonly total: number;
  /** What was last done to the target, e.g. `repaired 1 name changed in the file`. */
  readonly note?: string;
  /** Where something runs with what was written: whether it was started anew since. Absent: nothing had to be. */
  readonly activation?: Activation;
}
/** "Written" and "activated" are two states. */
export interface Activation {
  readonly state: 'done' | 'pending' | 'failed';
  /** Which consumers, e.g. `Deployment/app: 1 of 3 replaced`. */
  readonly message: string;
  readonly since: number;
}

/** The nouns of the work stream. */
export interface WorkNouns {
  readonly token: TokenRecord;
  readonly inventory: InventoryRecord;
  readonly 'sync-status': SyncStatus;
  readonly bootstrap: { readonly hash: string; readonly used: boolean };
}

export type TruthNoun = keyof TruthNouns;
export type WorkNoun = keyof WorkNouns;
