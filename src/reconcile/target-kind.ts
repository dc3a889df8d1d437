/** A kind of target that may be added over the API. Types only; e.g. `targets/kubernetes/kind.ts`. */
import type { Target } from './target.ts';
import type { StoredTarget, TargetWatch } from '#domain/records';

/** What somebody sends to have a target added. */
export interface TargetInput {
  readonly type: string;
  /** As kubectl has it: everything that is needed stands in it. */
  readonly kubeconfig: string;
  /** Default: the current one of the kubeconfig. */
  readonly context?: string;
  /** Default: that of the context, if it has one. */
  readonly namespaces?: readonly string[];
  /** Default `names`. */
  readonly watch?: TargetWatch;
}

export interface ParsedTarget {
  /** What everyone may see who may see the target. */
  readonly record: Omit<StoredTarget, 'credential' | 'description' | 'generation'>;
  /** What is kept as a secret; understood by the kind alone. */
  readonly credential: string;
}

export interface StoredMaterial {
  readonly record: StoredTarget;
  /** Asked for when it is needed first, and then kept by the target. */
  readonly credential: () => Promise<string>;
}

export interface TargetKind {
  readonly type: string;
  /**
   * Takes apart what was sent. Throws `invalid`, with a diagnostic for each thing that is not allowed by its
   * name, `forbidden` for a host that the server's configuration does not allow; never with a piece of a credential.
   */
  parse(input: TargetInput): ParsedTarget;
  /** Connects nowhere before it is used. Throws as `parse` does for a host that is not allowed any more. */
  make(name: string, material: StoredMaterial): ExaminedTarget;
}

/** A target that can tell what its other side thinks of us. */
export interface ExaminedTarget extends Target {
  /** Throws `unavailable` when it does not answer, `forbidden` when it does not accept the credential. */
  examine(request: ExamineRequest, signal: AbortSignal): Promise<TargetReport>;
}

export interface ExamineRequest {
  /** Where rights are asked for. */
  readonly namespaces: readonly string[];
  /** What is to be kept there, which may narrow the rights that are needed. Default: every name. */
  readonly objects?: readonly ExaminedObject[];
  /** Also what it takes to find workloads that read what is kept, and to restart them. Default true. */
  readonly restart?: boolean;
}
export interface ExaminedObject {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
}

export interface TargetReport {
  /** Of the other side's program. */
  readonly version: string;
  /** As whom it knows us. */
  readonly identity: string;
  readonly namespaces: readonly NamespaceReport[];
}
export interface NamespaceReport {
  readonly namespace: string;
  /** Rights, e.g. `patch secrets/app-secrets`. */
  readonly may: readonly string[];
  readonly lacks: readonly string[];
}
