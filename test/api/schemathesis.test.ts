import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { runSchemathesis } from './schemathesis.ts';

test.skipIf(without('python3')).each([true, false])(
  'nothing is found by schemathesis, signed in: %s',
  async (signedIn) => {
    const phases = signedIn ? ['examples', 'coverage', 'fuzzing', 'stateful'] : ['examples', 'coverage'];
    const { code, faults, output } = await runSchemathesis({ signedIn, examples: 3, seed: 1, phases });
    expect({ code, faults }, output).toEqual({ code: 0, faults: [] });
  },
);

interface Document {
  paths: Record<string, unknown>;
  readonly components: {
    readonly schemas: {
      readonly Health: { readonly properties: { live: object } };
      readonly TokenRequest: { readonly properties: { ttl: object } };
    };
  };
}

/** What is said of one operation when the document is made wrong. */
async function planted(path: string, plant: (document: Document) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-document-'));
  try {
    const document = JSON.parse(await readFile('proto/openapi.json', 'utf8')) as Document;
    document.paths = { [path]: document.paths[path] };
    plant(document);
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const found = await runSchemathesis({ signedIn: true, examples: 20, seed: 1, phases: ['fuzzing'], document: file });
    expect(found.code).toBe(1);
    return found.output;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

test.skipIf(without('python3'))('an answer that is not what the document says is found', async () => {
  const output = await planted('/healthz', ({ components }) => {
    components.schemas.Health.properties.live = { type: 'string' };
  });
  expect(output).toContain('Response violates schema');
});

test.skipIf(without('python3'))('a request that the document allows and the validator refuses is found', async () => {
  const output = await planted('/api/v1/tokens', ({ components }) => {
    components.schemas.TokenRequest.properties.ttl = { type: 'boolean' };
  });
  expect(output).toContain('the body is not what this resource takes');
});
