/** The sample project of a development server; the format is described beside the files. */
import { PlumbError } from '#domain/errors';
import { readYaml } from '#format/yaml';
import type { Caller, PutRequest, Services, SyncInput } from '#service/services';
import type { Random } from '#util/clock';

export interface SampleOptions {
  readonly services: Pick<Services, 'policies' | 'principals' | 'projects' | 'environments' | 'changes' | 'syncs'>;
  readonly caller: Caller;
  readonly random: Random;
  readonly files: SampleFiles;
}

/** The text of one of `project.yaml`, `environments/NAME.yaml` and `policies/NAME.policy`; `undefined`: there is no such file. */
export type SampleFiles = (name: string) => string | undefined;

type Mapping = Readonly<Record<string, unknown>>;

/** Loads policies, principals, project, environments, entries and syncs, in this order. Throws `invalid` on a name that it does not know. */
export async function loadSample(options: SampleOptions): Promise<void> {
  const { services, caller } = options;
  const content = readMapping(options, 'project.yaml');
  const file = new Members(content, 'project.yaml', ['project', 'environments', 'policies', 'principals', 'syncs']);
  const reason = { reason: 'sample project' };
  for (const name of file.list('policies') as readonly string[]) {
    await services.policies.put(caller, name, { text: read(options, `policies/${name}.policy`) }, reason);
  }
  for (const { name, ...principal } of file.mappings('principals', ['name', 'policies', 'description'])) {
    await services.principals.put(caller, String(name), principal, reason);
  }
  const { name: project, ...input } = file.mapping('project', ['name', 'owner', 'description']);
  await services.projects.put(caller, String(project), input, reason);
  for (const { name, ...environment } of file.mappings('environments', environmentMembers)) {
    await services.environments.put(caller, `${String(project)}/${String(name)}`, environment, reason);
    await loadEntries(options, String(project), String(name));
  }
  for (const { name, ...sync } of file.mappings('syncs', syncMembers)) {
    await services.syncs.put(caller, String(name), sync as unknown as SyncInput, reason);
  }
}

const environmentMembers = ['name', 'extends', 'defaultKind', 'description'];
const syncMembers = ['name', 'from', 'to', 'runAs', 'mode', 'options'];
const entryMembers = ['value', 'expression', 'generate', 'kind', 'type', 'owner', 'description', 'tags', 'reason'];

/** Entries with one reason are one change. */
async function loadEntries(options: SampleOptions, project: string, environment: string): Promise<void> {
  const name = `environments/${environment}.yaml`;
  const file = new Members(readMapping(options, name), name, ['environment', 'entries']);
  const changes = new Map<string, PutRequest[]>();
  for (const [entry, written] of Object.entries(file.mapping('entries'))) {
    const { reason, ...members } = new Members(written as Mapping, `${name}: ${entry}`, entryMembers).content;
    const put = toPut(options, `${project}/${environment}/${entry}`, members);
    changes.set(String(reason), [...(changes.get(String(reason)) ?? []), put]);
  }
  for (const [reason, ops] of changes) await options.services.changes.apply(options.caller, { reason, ops });
}

function toPut({ random }: SampleOptions, path: string, members: Mapping): PutRequest {
  const { value, expression, generate, ...rest } = members;
  const op = { op: 'put', path, ...rest } as const;
  if (typeof value === 'string') return { ...op, value };
  if (typeof expression === 'string') return { ...op, value: expression, form: 'expression' };
  const { bytes, as } = (generate ?? {}) as { readonly bytes?: number; readonly as?: 'hex' | 'base64url' };
  if (bytes === undefined || as === undefined)
    throw invalid(path, 'exactly one of value, expression, generate is given');
  return { ...op, value: Buffer.from(random.bytes(bytes)).toString(as) };
}

function read({ files }: SampleOptions, name: string): string {
  const text = files(name);
  if (text === undefined) throw invalid(name, 'there is no such file');
  return text;
}

function readMapping(options: SampleOptions, name: string): Mapping {
  return readYaml(read(options, name), name) as Mapping;
}

/** A mapping of which every name is known. */
class Members {
  readonly content: Mapping;
  readonly #subject: string;

  constructor(content: Mapping, subject: string, known: readonly string[]) {
    this.content = content;
    this.#subject = subject;
    const unknown = Object.keys(content).filter((name) => !known.includes(name));
    if (unknown.length > 0)
      throw invalid(subject, `${unknown.join(', ')} is not known here, expected ${known.join(', ')}`);
  }

  mapping(name: string, known?: readonly string[]): Mapping {
    const member = (this.content[name] ?? {}) as Mapping;
    return new Members(member, `${this.#subject}: ${name}`, known ?? Object.keys(member)).content;
  }

  list(name: string): readonly unknown[] {
    return (this.content[name] ?? []) as readonly unknown[];
  }

  mappings(name: string, known: readonly string[]): readonly Mapping[] {
    return this.list(name).map((each) => new Members(each as Mapping, `${this.#subject}: ${name}`, known).content);
  }
}

function invalid(subject: string, message: string): PlumbError {
  return new PlumbError('invalid', 'the sample project cannot be loaded', { diagnostics: [{ subject, message }] });
}
