import type { Gate } from './gate.ts';
import { metricsText } from './metrics.ts';
import type { OpenTargets, ServiceParts } from './parts.ts';
import type { Reconciling } from './reconciling.ts';
import type { Caller, Health, System, VerifyReport } from './services.ts';
import { nounPaths } from '#domain/path';
import type { ChainReport } from '#store/log';

type SystemParts = Pick<
  ServiceParts,
  'truth' | 'work' | 'truthState' | 'workState' | 'verifyAudit' | 'version' | 'usage' | 'http'
> & {
  readonly reconciling: Pick<Reconciling, 'figures'>;
  readonly open: Pick<OpenTargets, 'opened'>;
};

export class SystemState implements System {
  readonly #gate: Gate;
  readonly #parts: SystemParts;

  constructor(gate: Gate, parts: SystemParts) {
    this.#gate = gate;
    this.#parts = parts;
  }

  async verify(caller: Caller): Promise<VerifyReport> {
    const { truth, work, verifyAudit } = this.#parts;
    const path = nounPaths.audit;
    return this.#gate.act(
      caller,
      { action: 'audit', path },
      (rights) => rights.requireOpenly('audit', path),
      async () => {
        const chains = [
          toRow('truth', await truth.verify()),
          toRow('work', await work.verify()),
          toRow('audit', await verifyAudit()),
        ];
        return { ok: chains.every((chain) => chain.ok), chains };
      },
    );
  }

  async metrics(caller: Caller): Promise<string> {
    const path = nounPaths.metrics;
    return this.#gate.read(caller, { action: 'audit', path }, (rights) => {
      if (!rights.may('admin', path)) rights.requireOpenly('audit', path);
      return { result: this.#measured() };
    });
  }

  #measured(): string {
    const { truthState, workState, reconciling, open, usage, http, version } = this.#parts;
    const syncs = [...truthState.view.records('sync')];
    return metricsText({
      figures: reconciling.figures?.(),
      statuses: syncs.map(([name]) => workState.view.record('sync-status', name)),
      requests: [...open.opened()].flatMap(([name, { requests }]) =>
        requests === undefined ? [] : [[name, requests]],
      ),
      usage: usage?.(),
      ...(http === undefined ? {} : { http: http() }),
      revision: truthState.view.revision,
      version,
    });
  }

  health(): Health {
    const { truthState, version } = this.#parts;
    return { live: true, ready: true, sealed: false, version, revision: truthState.view.revision };
  }
}

function toRow(name: 'truth' | 'work' | 'audit', report: ChainReport): VerifyReport['chains'][number] {
  const { ok, records, anchored, problem } = report;
  return { name, ok, records, anchored, ...(problem === undefined ? {} : { problem }) };
}
