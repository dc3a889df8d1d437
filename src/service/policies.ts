import { namesFor, parseDottedName } from './nouns.ts';
import type { NounContext, NounRule } from './nouns.ts';
import type { PolicyInput } from './services.ts';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';
import { adminPolicyText, parsePolicy, policyLimits } from '#domain/policy';
import type { Policy } from '#domain/records';
import type { View } from '#state/view';

/** Allows everything; made at the first start. It cannot be changed or deleted, so that nobody locks everybody out. */
export const adminPolicy = 'admin';
export const adminRecord: Policy = { grammar: 'plumb', text: adminPolicyText };

export function parsePolicyName(name: string): string {
  return parseDottedName('policy', name);
}

export const policyRule: NounRule<'policy', PolicyInput> = {
  noun: 'policy',
  parseName: parsePolicyName,
  pathOf: nounPaths.policy,
  toRecord(input, context): Policy {
    refuseBuiltIn(context);
    if (input.text.length > policyLimits.characters) {
      throw new PlumbError('too-large', `a policy has at most ${policyLimits.characters} characters`);
    }
    const parsed = parsePolicy(input.text, context.name);
    if (!parsed.ok) {
      throw new PlumbError('invalid', `the policy ${context.name} cannot be read`, { diagnostics: parsed.diagnostics });
    }
    return { grammar: 'plumb', text: input.text };
  },
  checkDelete(context) {
    refuseBuiltIn(context);
    const holders = holdersOf(context.view, context.name);
    if (holders.length === 0) return;
    throw new PlumbError(
      'conflict',
      `the policy is held by ${namesFor(context.rights, holders, nounPaths.principal)}`,
      {
        hint: 'take it from them first',
      },
    );
  },
};

function refuseBuiltIn({ name }: NounContext<'policy'>): void {
  if (name === adminPolicy) throw new PlumbError('conflict', 'the policy admin is built in and stays as it is');
}

/** Principals that name the policy. */
function holdersOf(view: View, policy: string): readonly string[] {
  const holders: string[] = [];
  for (const [name, principal] of view.records('principal'))
    if (principal.policies.includes(policy)) holders.push(name);
  return holders;
}
