/** Manifests of Kubernetes: what is no secret in a ConfigMap, secrets in a Secret, everything else in the file left alone. */
import { PlumbError } from '#domain/errors';
import { applySplices, checkEdited, isOpen, lineEndOf } from './edit.ts';
import type { Edit, Format, FormatEntry, Parsed } from './format.ts';
import { planManifestEdit } from './kubernetes-edit.ts';
import type { ManifestItem, ManifestObject } from './kubernetes-read.ts';
import { objectsOf } from './kubernetes-read.ts';
import { Reading, refuseText } from './reading.ts';
import { textProblem, writable, writableEdits } from './writing.ts';
import { editYaml, printYaml } from './yaml-edit.ts';
import { isBlankYaml } from './yaml-format.ts';

const what = 'a manifest';
/** Of all values of one object, as the API server counts. */
const objectBytes = 1024 * 1024;
const titlePattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const defaultTitle = 'plumb';

export const kubernetes: Format = {
  brief: 'Kubernetes manifests: a ConfigMap, and a Secret',
  extension: 'yaml',
  parse: (text, subject) => {
    const { entries, diagnostics } = read(text, subject);
    return { entries, diagnostics };
  },
  problem,
  print: (entries, { title = defaultTitle } = {}) => printManifests(writable(entries, what, problem), title),
  edit,
};

/** A key of `data`, as the API server has it. */
function problem(name: string, value: string): string | undefined {
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(name)) return 'is not a key of 1 to 253 letters, digits, - _ and .';
  if (name.startsWith('..') || name === '.') return 'is not a key that a file could have';
  return textProblem(value, 'nul');
}

interface ReadManifests extends Parsed {
  readonly entries: readonly ManifestItem[];
  readonly objects: readonly ManifestObject[];
  readonly damaged: boolean;
}

function read(text: string, subject: string): ReadManifests {
  const refused = refuseText(text, subject);
  if (refused !== undefined) return { entries: [], diagnostics: refused, objects: [], damaged: true };
  const reading = new Reading<ManifestItem>(text, subject);
  const found = objectsOf(text, reading);
  const { items, diagnostics } = reading.finish();
  return { ...found, entries: items, diagnostics };
}

/** Without objects there is a ConfigMap without names: nothing is no manifest. */
function printManifests(entries: readonly FormatEntry[], title: string): string {
  if (title.length > 253 || !titlePattern.test(title)) {
    const message =
      'expected a name of an object: at most 253 of a-z, 0-9, - and ., beginning and ending with a-z or 0-9';
    throw new PlumbError('invalid', 'the title cannot be the name of an object', {
      diagnostics: [{ message, subject: 'title' }],
    });
  }
  const secrets = entries.filter(({ secret }) => secret === true);
  const others = entries.filter(({ secret }) => secret !== true);
  const documents = [
    ...(others.length > 0 || secrets.length === 0 ? [printObject('ConfigMap', title, others)] : []),
    ...(secrets.length > 0 ? [printObject('Secret', title, secrets)] : []),
  ];
  return documents.join('---\n');
}

function printObject(kind: ManifestObject['kind'], title: string, entries: readonly FormatEntry[]): string {
  const bytes = entries.reduce((sum, { name, value }) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (bytes > objectBytes) {
    const message = `the ${kind} would have ${bytes} bytes, expected at most ${objectBytes}`;
    throw new PlumbError('invalid', `not every name and value can be written in ${what}`, {
      diagnostics: [{ message }],
    });
  }
  const head = new Map([['apiVersion', 'v1'] as const, ['kind', kind] as const]);
  const type = kind === 'Secret' ? printYaml(new Map([['type', 'Opaque']])) : '';
  const name = printYaml(new Map([['metadata', new Map([['name', title]])]]));
  const spelled = entries.map(({ name: key, value }) => [key, kind === 'Secret' ? encode(value) : value] as const);
  const data = entries.length === 0 ? 'data: {}\n' : printYaml(new Map([['data', new Map(spelled)]]));
  return printYaml(head) + name + type + data;
}

function encode(value: string): string {
  return Buffer.from(value).toString('base64');
}

function edit(text: string, edits: readonly Edit[], subject: string): string {
  const wanted = writableEdits(edits, what, problem);
  const secrets = new Map(edits.map(([name, , secret]) => [name, secret]));
  if (isBlankYaml(text)) {
    const entries = [...wanted].flatMap(([name, value]) =>
      value === null ? [] : [{ name, value, secret: secrets.get(name) === true }],
    );
    return entries.length === 0 ? text : appended(text, printManifests(entries, defaultTitle));
  }
  const before = read(text, subject);
  if (before.damaged) {
    const hint = 'put it right by hand, or remove the file: it is written anew';
    throw new PlumbError('corrupt', `${subject} is too damaged to be edited`, {
      diagnostics: before.diagnostics,
      hint,
    });
  }
  const plan = planManifestEdit(before, wanted, secrets);
  const changed = applySplices(text, editYaml(text, plan.edit, lineEndOf(text)));
  const missing =
    plan.missing.length === 0 ? '' : printManifests(plan.missing, before.objects[0]?.title ?? defaultTitle);
  const edited = missing === '' ? changed : appended(changed, `---\n${missing}`);
  checkEdited({ before, after: read(edited, subject), wanted, subject });
  return edited;
}

function appended(text: string, more: string): string {
  const eol = lineEndOf(text);
  return text + (isOpen(text) ? eol : '') + more.replaceAll('\n', eol);
}
