import type { Gate } from './gate.ts';
import { notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Caller, Targets, TargetSummary } from './services.ts';
import { nounPaths } from '#domain/path';
import type { TargetRecord } from '#domain/records';

/** The places that the server's configuration names. */
export class TargetList implements Targets {
  readonly #gate: Gate;
  readonly #targets: ReadonlyMap<string, TargetRecord>;

  constructor(gate: Gate, targets: ReadonlyMap<string, TargetRecord>) {
    this.#gate = gate;
    this.#targets = targets;
  }

  async list(caller: Caller): Promise<readonly TargetSummary[]> {
    return this.#gate.read(caller, { action: 'list', path: 'sys/targets' }, (rights) => {
      const visible = [...this.#targets].filter(([name]) => maySee(rights, name));
      return { result: visible.map(([name, record]) => summaryOf(name, record)).sort(byName) };
    });
  }

  async get(caller: Caller, name: string): Promise<TargetSummary> {
    const path = nounPaths.target(name);
    return this.#gate.read(caller, { action: 'list', path }, (rights) => {
      if (!maySee(rights, name)) throw rights.refuse('list', path);
      const record = this.#targets.get(name);
      if (record === undefined) throw notFound(path);
      return { result: summaryOf(name, record) };
    });
  }
}

/** Nothing else that the configuration says of it. */
function summaryOf(name: string, { type, description }: TargetRecord): TargetSummary {
  return { name, type, ...(description === undefined ? {} : { description }) };
}

function maySee(rights: Rights, name: string): boolean {
  const path = nounPaths.target(name);
  return rights.mayKnow(path) || rights.may('use', path) || rights.may('admin', path);
}

function byName(left: TargetSummary, right: TargetSummary): number {
  return left.name < right.name ? -1 : 1;
}
