import { expect, test } from 'vitest';
import { generated, outdated } from './generate-api.ts';

test('what is generated from the schemas is current', () => {
  expect([...generated().keys()]).toEqual([
    'proto/openapi.json',
    'client/src/types.ts',
    'docs/reference/server-options.md',
    'docs/reference/rest.md',
  ]);
  expect(outdated()).toEqual([]);
});
