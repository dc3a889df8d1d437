/** The flags of `sync create` that say what is kept and how, and the options that they stand for. */
import { UsageError } from './failures.ts';
import { switchFlag, textFlag, textsFlag } from './command.ts';
import type { Session } from './session.ts';
import { readFile } from './values.ts';

export interface OptionFlags {
  readonly secret?: readonly string[];
  readonly configmap?: readonly string[];
  readonly secretType?: string;
  readonly namespaces?: string;
  readonly createNamespaces?: boolean;
  readonly prefix?: string;
  readonly upper?: boolean;
  readonly lower?: boolean;
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly noRestart?: boolean;
  readonly onFailedRestart?: 'report' | 'hold';
  readonly freeze?: readonly string[];
  readonly adopt?: boolean;
  readonly deleteMany?: boolean;
  readonly option?: readonly string[];
}

const many = (placeholder: string, brief: string) => textsFlag(placeholder, `${brief}; may be given several times`);

export const optionFlags = {
  secret: many('NAME', 'Kubernetes: a Secret; secrets go there, and config too if there is no ConfigMap'),
  configmap: many('NAME', 'Kubernetes: a ConfigMap; config goes there'),
  secretType: textFlag('TYPE', 'Of the Secrets, such as kubernetes.io/tls. Default: Opaque'),
  namespaces: textFlag('SELECTOR', 'With TARGET/*: the same in every namespace with these labels, such as team=web'),
  createNamespaces: switchFlag('Make the namespace if it is not there'),
  prefix: textFlag('TEXT', 'Stands before every name in the place'),
  upper: switchFlag('Names in capitals'),
  lower: switchFlag('Names in small letters'),
  only: many('GLOB', 'Only entries such as DB_*'),
  except: many('GLOB', 'Without entries such as *_TEST'),
  noRestart: switchFlag('Do not restart workloads that read what changed'),
  onFailedRestart: {
    kind: 'enum',
    values: ['report', 'hold'],
    optional: true,
    brief: 'hold: put the old values back when a restart fails, until somebody looks. Default: report',
  },
  freeze: many('WINDOW', 'Write nothing in this time, such as "fri 16:00 - mon 08:00 Europe/Berlin"'),
  adopt: switchFlag('Take over names that are there with other values'),
  deleteMany: switchFlag('Do not wait for a person when many names vanish'),
  option: many(
    'NAME=VALUE',
    "Any option of the target's type, such as block=app; VALUE may be JSON, or @FILE with JSON",
  ),
} as const;

const maxOptionFile = 64 * 1024;

/** Throws a usage error where two flags contradict each other or say the same twice. */
export function optionsOf(session: Session, flags: OptionFlags): Readonly<Record<string, unknown>> {
  const asked: readonly (readonly [string, unknown])[] = [
    ...Object.entries(namedOptions(flags)),
    ...(flags.option ?? []).map((text) => parseOption(session, text)),
  ];
  const options: Record<string, unknown> = {};
  for (const [name, value] of asked) {
    if (Object.hasOwn(options, name)) throw new UsageError(`the option ${name} is given twice`);
    Object.defineProperty(options, name, { value, enumerable: true, configurable: true });
  }
  return options;
}

function namedOptions(flags: OptionFlags): Readonly<Record<string, unknown>> {
  const { namespaces, createNamespaces, noRestart, onFailedRestart, freeze, adopt, deleteMany } = flags;
  const objects = objectsOf(flags);
  const names = namesOf(flags);
  return {
    ...(objects.length === 0 ? {} : { objects }),
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(createNamespaces ? { createNamespaces } : {}),
    ...(names === undefined ? {} : { names }),
    ...(noRestart ? { restart: false } : {}),
    ...(onFailedRestart === undefined ? {} : { onFailedRestart }),
    ...(given(freeze) ? { freeze } : {}),
    ...(adopt ? { adopt } : {}),
    ...(deleteMany ? { deleteMany } : {}),
  };
}

function objectsOf({ secret = [], configmap = [], secretType }: OptionFlags): readonly object[] {
  if (secretType !== undefined && secret.length === 0) throw new UsageError('--secret-type goes with --secret');
  const type = secretType === undefined ? {} : { type: secretType };
  return [
    ...secret.map((name) => ({ kind: 'Secret', name, ...type })),
    ...configmap.map((name) => ({ kind: 'ConfigMap', name })),
  ];
}

function namesOf({ prefix, upper, lower, only, except }: OptionFlags): object | undefined {
  if (upper && lower) throw new UsageError('names are in capitals or in small letters, not both');
  const names = {
    ...(given(only) ? { only } : {}),
    ...(given(except) ? { except } : {}),
    ...(upper || lower ? { case: upper ? 'upper' : 'lower' } : {}),
    ...(prefix === undefined ? {} : { prefix }),
  };
  return Object.keys(names).length === 0 ? undefined : names;
}

function given(values: readonly string[] | undefined): boolean {
  return values !== undefined && values.length > 0;
}

/** What is JSON is taken as such, everything else as text. */
function parseOption(session: Session, text: string): readonly [string, unknown] {
  const found = /^([^=]+)=(.*)$/s.exec(text);
  if (found === null) throw new UsageError('--option is NAME=VALUE');
  const [, name = '', value = ''] = found;
  if (!value.startsWith('@')) return [name, toValue(name, value)];
  const content = new TextDecoder().decode(readFile(session.io, value.slice(1), maxOptionFile));
  return [name, toValue(name, content.trim())];
}

function toValue(name: string, text: string): unknown {
  if (/^(true|false|-?(0|[1-9]\d{0,14}))$/.test(text)) return JSON.parse(text);
  if (!/^[[{"]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(
      `the value of the option ${name} looks like JSON and is none`,
      'put text that begins so in JSON quotes',
    );
  }
}
