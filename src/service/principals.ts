import { describedBy } from './environments.ts';
import { namesFor } from './nouns.ts';
import type { NounRule } from './nouns.ts';
import { parsePolicyName } from './policies.ts';
import type { Caller, PrincipalInput } from './services.ts';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';
import { parsePrincipalName, serverPrincipal } from '#domain/principal';
import type { Principal } from '#domain/records';

/** Of one principal. */
const policyLimit = 64;

/**
 * Policies have to exist when a principal is given them, and stay as long as it has them: a name that
 * means nothing today would otherwise grant what somebody writes under it tomorrow.
 */
export function principalRule(
  revokeTokens: (name: string, caller: Caller) => Promise<void>,
): NounRule<'principal', PrincipalInput> {
  return {
    noun: 'principal',
    parseName: parsePrincipalName,
    pathOf: nounPaths.principal,
    toRecord(input, { view, name }): Principal {
      if (name === serverPrincipal)
        throw new PlumbError('invalid', `${name} is the server itself and cannot be registered`);
      const policies = [...new Set(input.policies ?? [])];
      if (policies.length > policyLimit) {
        throw new PlumbError('too-large', `a principal has at most ${policyLimit} policies`);
      }
      const missing = policies.filter((policy) => view.record('policy', parsePolicyName(policy)) === undefined);
      if (missing.length > 0) {
        throw new PlumbError('invalid', `there is no policy ${missing.join(', ')}`, { hint: 'put the policy first' });
      }
      return { policies, disabled: input.disabled ?? false, ...describedBy(input.description) };
    },
    checkDelete({ view, name, rights }) {
      const syncs: string[] = [];
      for (const [sync, spec] of view.records('sync')) if (spec.runAs === name) syncs.push(sync);
      if (syncs.length === 0) return;
      throw new PlumbError('conflict', `syncs run as ${name}: ${namesFor(rights, syncs, nounPaths.sync)}`, {
        hint: 'delete them or let them run as another, or disable the principal instead',
      });
    },
    // Tokens of an earlier principal of the name must not come to life again.
    clear: revokeTokens,
  };
}
