import { namesFor } from './nouns.ts';
import type { NounContext, NounRule } from './nouns.ts';
import type { EnvironmentInput, ProjectInput } from './services.ts';
import { metadataLimits } from './change-request.ts';
import { PlumbError } from '#domain/errors';
import { nounPaths, parseDeclaredName, parseEnvironmentName } from '#domain/path';
import type { Environment, Project } from '#domain/records';

export const projectRule: NounRule<'project', ProjectInput> = {
  noun: 'project',
  parseName: parseDeclaredName,
  pathOf: nounPaths.project,
  toRecord(input): Project {
    return {
      ...(input.owner === undefined ? {} : { owner: checkText('an owner', input.owner, metadataLimits.owner) }),
      ...describedBy(input.description),
    };
  },
  checkDelete({ view, name, rights }) {
    const environments = Array.from(view.records('environment', `${name}/`), ([environment]) => environment);
    if (environments.length === 0) return;
    const shown = namesFor(rights, environments, nounPaths.environment);
    throw new PlumbError('conflict', `the project has declared environments: ${shown}`, {
      hint: 'delete them first; their entries stay',
    });
  },
};

export const environmentRule: NounRule<'environment', EnvironmentInput> = {
  noun: 'environment',
  parseName: parseEnvironmentName,
  pathOf: nounPaths.environment,
  toRecord(input, context): Environment {
    if (input.protected === true) {
      throw new PlumbError('unsupported', 'protected environments are not offered yet', {
        hint: 'they take proposals, which this version does not have',
      });
    }
    const { view, name } = context;
    const project = projectOf(name);
    if (view.record('project', project) === undefined) {
      throw new PlumbError('conflict', `the project ${project} is not declared`, { hint: 'declare the project first' });
    }
    if (input.extends !== undefined) checkExtends(input.extends, context);
    return {
      ...(input.extends === undefined ? {} : { extends: input.extends }),
      defaultKind: input.defaultKind ?? 'secret',
      ...describedBy(input.description),
    };
  },
  checkDelete({ view, name, rights }) {
    const project = projectOf(name);
    const own = name.slice(project.length + 1);
    const heirs: string[] = [];
    for (const [heir, record] of view.records('environment', `${project}/`)) {
      if (record.extends === own) heirs.push(heir);
    }
    if (heirs.length === 0) return;
    throw new PlumbError('conflict', `${name} is extended by ${namesFor(rights, heirs, nounPaths.environment)}`, {
      hint: 'let them extend another environment first',
    });
  },
};

/** The base must be declared, of the same project, and must not come back to this one. */
function checkExtends(base: string, { view, name }: NounContext<'environment'>): void {
  const project = projectOf(name);
  parseDeclaredName(base);
  const baseName = `${project}/${base}`;
  if (baseName === name) throw new PlumbError('conflict', `${name} cannot extend itself`);
  if (view.record('environment', baseName) === undefined) {
    throw new PlumbError('conflict', `the environment ${baseName} is not declared`, {
      hint: 'declare the one that is extended first',
    });
  }
  const chain = view.chain(baseName);
  if (chain.includes(name)) {
    throw new PlumbError(
      'conflict',
      `extending would form a cycle: ${[name, ...chain.slice(0, chain.indexOf(name) + 1)].join(' → ')}`,
    );
  }
}

function projectOf(environment: string): string {
  return environment.slice(0, environment.indexOf('/'));
}

export function describedBy(description: string | undefined): { readonly description?: string } {
  if (description === undefined) return {};
  return { description: checkText('a description', description, metadataLimits.description) };
}

function checkText(what: string, text: string, limit: number): string {
  if (text.length > limit) throw new PlumbError('too-large', `${what} has at most ${limit} characters`);
  if (!text.isWellFormed()) throw new PlumbError('invalid', `${what} is not well-formed text`);
  return text;
}
